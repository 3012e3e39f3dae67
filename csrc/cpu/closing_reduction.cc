#include "cpu/closing_reduction.h"

#include <algorithm>
#include <limits>

#include "cpu/isa/isa.h"

namespace kn::cpu {

ClosingReduction::ClosingReduction(const ProgramOutput& output, DType type, Pattern pattern,
                                   Dim elements)
    : closing_(output.closing),
      pattern_(pattern == Pattern::none ? Pattern::trailing : pattern),
      type_(type == DType::f64),
      size_(size_of(type)),
      kept_(output.kept.elements()),
      run_(kept_ > 0 ? elements / kept_ : 0),
      scale_(closing_ == Closing::mean ? 1.0 / static_cast<double>(run_) : 1.0),
      loops_(&table().closing) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  identity_ = closing_ == Closing::max ? -kInfinity : closing_ == Closing::min ? kInfinity : 0;
  join_rows_ = closing_ == Closing::max   ? loops_->max_rows[type_]
               : closing_ == Closing::min ? loops_->min_rows[type_]
                                          : loops_->add_rows[type_];
}

size_t ClosingReduction::part_bytes() const {
  if (pattern_ == Pattern::all) return sizeof(double);
  return pattern_ == Pattern::leading ? static_cast<size_t>(kept_) * size_ : 0;
}

void ClosingReduction::fill(void* out, double value) const {
  if (type_ == 0) std::fill_n(static_cast<float*>(out), kept_, static_cast<float>(value));
  else std::fill_n(static_cast<double*>(out), kept_, value);
}

void ClosingReduction::store(void* out, Dim i, double value) const {
  if (type_ == 0) static_cast<float*>(out)[i] = static_cast<float>(value);
  else static_cast<double*>(out)[i] = value;
}

double ClosingReduction::joined(const void* x, Dim count, double total) const {
  if (closing_ == Closing::max) return loops_->max[type_](x, count, total);
  if (closing_ == Closing::min) return loops_->min[type_](x, count, total);
  loops_->add_sums[type_](x, 1, count, &total);
  return total;
}

void ClosingReduction::start(void* part, double& carry) const {
  carry = identity_;
  if (pattern_ == Pattern::leading) fill(part, identity_);
}

void ClosingReduction::add(const char* x, Dim position, Dim count, void* part, double& carry,
                           void* out) const {
  if (pattern_ == Pattern::all) carry = joined(x, count, carry);
  else if (pattern_ == Pattern::leading) add_leading(x, position, count, part);
  else add_trailing(x, position, count, carry, out);
}

void ClosingReduction::stop(void* part, double carry) const {
  if (pattern_ == Pattern::all) *static_cast<double*>(part) = carry;
}

// The domain is (run, kept).
void ClosingReduction::add_leading(const char* x, Dim position, Dim count, void* part) const {
  while (count > 0) {
    const Dim column = position % kept_, width = std::min(kept_ - column, count);
    const Dim rows = column == 0 && count >= kept_ ? count / kept_ : 1;
    join_rows_(x, rows, width, static_cast<char*>(part) + static_cast<size_t>(column) * size_);
    x += static_cast<size_t>(rows * width) * size_;
    position += rows * width;
    count -= rows * width;
  }
}

// The domain is (kept, run), and chunks begin with whole runs.
void ClosingReduction::add_trailing(const char* x, Dim position, Dim count, double& carry,
                                    void* out) const {
  constexpr Dim kRows = 64;
  const bool sums = closing_ == Closing::sum || closing_ == Closing::mean;
  while (count > 0) {
    const Dim before = position % run_, row = position / run_;
    Dim width = std::min(run_ - before, count);
    if (sums && before == 0 && count >= run_) {
      double totals[kRows] = {};
      const Dim rows = std::min(kRows, count / run_);
      loops_->add_sums[type_](x, rows, run_, totals);
      for (Dim r = 0; r < rows; ++r) store(out, row + r, totals[r] * scale_);
      width = rows * run_;
    } else {
      carry = joined(x, width, carry);
      if (before + width == run_) {
        store(out, row, carry * scale_);
        carry = identity_;
      }
    }
    x += static_cast<size_t>(width) * size_;
    position += width;
    count -= width;
  }
}

void ClosingReduction::join(const void* parts, Dim chunks, void* out) const {
  if (pattern_ == Pattern::trailing) return;
  if (pattern_ == Pattern::all) {
    const auto* x = static_cast<const double*>(parts);
    double total = identity_;
    for (Dim i = 0; i < chunks; ++i) {
      if (closing_ == Closing::max) total = x[i] > total || x[i] != x[i] ? x[i] : total;
      else if (closing_ == Closing::min) total = x[i] < total || x[i] != x[i] ? x[i] : total;
      else total += x[i];
    }
    return store(out, 0, total * scale_);
  }
  if (parts != out) {
    fill(out, identity_);
    join_rows_(parts, chunks, kept_, out);
  }
  if (closing_ != Closing::mean) return;
  for (Dim i = 0; i < kept_; ++i) {
    const double total = type_ == 0 ? static_cast<double>(static_cast<const float*>(out)[i])
                                    : static_cast<const double*>(out)[i];
    store(out, i, total * scale_);
  }
}

void ClosingReduction::fill_empty(void* out) const {
  fill(out, closing_ == Closing::mean ? std::numeric_limits<double>::quiet_NaN() : identity_);
}

}  // namespace kn::cpu
