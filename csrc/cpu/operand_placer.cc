#include "cpu/operand_placer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "cpu/isa/isa.h"

namespace kn::cpu {

namespace {

// Tile functions do not write to their sources.
void* readable(const void* data, Dim offset, size_t size) {
  return const_cast<char*>(static_cast<const char*>(data)) + static_cast<size_t>(offset) * size;
}

void splat(void* to, const void* from, size_t size) {
  for (size_t at = 0; at < kSplatBytes; at += size)
    std::memcpy(static_cast<char*>(to) + at, from, size);
}

// The first `size` bytes of `data` again and again up to `bytes`.
void repeat(char* data, size_t size, size_t bytes) {
  for (size_t done = size; done < bytes;) {
    const size_t more = std::min(done, bytes - done);
    std::memcpy(data + done, data, more);
    done += more;
  }
}

}  // namespace

OperandPlacer::OperandPlacer(const Program& program, const Tiling& tiling,
                             std::span<const HostTensor* const> constants)
    : tiling_(tiling), loops_(&table().elementwise) {
  for (int i = 0; i < program.input_count(); ++i) {
    const TiledOperand& reached = tiling.operands[i];
    Operand& operand = operands_.emplace_back();
    operand.size = size_of(program.inputs[i].dtype);
    if (reached.reach == Reach::stream) {
      streams_.push_back(i);
      continue;
    }
    const bool single = reached.reach == Reach::single;
    operand.varies = !single && (tiling.blocks || reached.along_inner);
    if (single && i < static_cast<int>(constants.size()) && constants[i]) {
      operand.constant = static_cast<int>(constants_.size());
      splat(constants_.emplace_back().data(), constants[i]->data(), operand.size);
      continue;
    }
    if (!single) moving_.push_back(i);
    operand.own = own_bytes_;
    own_bytes_ += kSplatBytes;
    // A tile, with the vector above for what spreading writes beyond it.
    if (!single && tiling.blocks)
      own_bytes_ += (static_cast<size_t>(tiling.tile) * operand.size + 63) / 64 * 64;
  }
}

void OperandPlacer::set_up(void** slots, char* own, const void* const* in, Dim begin,
                           Dim end) const {
  for (int i = 0; i < static_cast<int>(operands_.size()); ++i) {
    const Operand& operand = operands_[i];
    const Reach reach = tiling_.operands[i].reach;
    if (operand.constant >= 0) {
      slots[i] = readable(constants_[operand.constant].data(), 0, 1);
    } else if (reach != Reach::stream) {
      slots[i] = own + operand.own;
      if (reach == Reach::single) splat(slots[i], in[i], operand.size);
    }
    if (reach == Reach::repeat && tiling_.blocks) {
      const size_t row = static_cast<size_t>(tiling_.inner) * operand.size;
      std::memcpy(slots[i], in[i], row);
      repeat(static_cast<char*>(slots[i]), row,
             static_cast<size_t>(std::min(tiling_.tile, end - begin)) * operand.size);
    }
  }
}

void OperandPlacer::place(void** slots, char* own, const void* const* in, Dim position,
                          Dim count) const {
  for (int i : streams_) slots[i] = readable(in[i], position, operands_[i].size);
  for (int i : moving_) {
    if (tiling_.operands[i].reach == Reach::walk) place_walk(slots, own, in[i], i, position, count);
    else if (!tiling_.blocks)
      slots[i] = readable(in[i], position % tiling_.inner, operands_[i].size);
  }
}

void OperandPlacer::place_walk(void** slots, char* own, const void* in, int i, Dim position,
                               Dim count) const {
  const TiledOperand& reached = tiling_.operands[i];
  const size_t size = operands_[i].size;
  char* to = own + operands_[i].own;
  Dim row = position / tiling_.inner;
  if (!tiling_.blocks) {
    const Dim at = tiling_.offset(i, row);
    if (reached.along_inner) slots[i] = readable(in, at + position % tiling_.inner, size);
    else splat(to, readable(in, at, size), size);
    return;
  }
  const auto spread = loops_->spread[std::countr_zero(size)];
  const size_t row_bytes = static_cast<size_t>(tiling_.inner) * size;
  const Dim extent = tiling_.extents[tiling_.rank - 2], step = reached.steps[tiling_.rank - 2];
  for (Dim rows = count / tiling_.inner; rows > 0;) {
    // As many rows as lie one step of the last outer axis apart.
    const Dim run = std::min(rows, extent - row % extent), at = tiling_.offset(i, row);
    if (!reached.along_inner) spread(readable(in, at, size), step, to, run, tiling_.inner);
    for (Dim r = 0; r < run && reached.along_inner; ++r)
      std::memcpy(to + static_cast<size_t>(r) * row_bytes, readable(in, at + r * step, size),
                  row_bytes);
    to += static_cast<size_t>(run) * row_bytes;
    row += run;
    rows -= run;
  }
}

}  // namespace kn::cpu
