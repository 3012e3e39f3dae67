#include "cpu/recurrent_panels.h"

#include "base/rounding.h"
#include "cpu/isa/gemm_thirds.h"

namespace kn::cpu {

namespace {

constexpr int64_t kAlign = 64;               // bytes
constexpr int64_t kSide = 16, kColumns = 4;  // of a tile, tiles of a panel

template <class T>
struct Tables;
template <>
struct Tables<float> {
  static const RecurrentLoops<float>& loops() { return table().recurrent.f32; }
  static const GemmKernels<float>& moves() { return table().gemm.f32; }
};
template <>
struct Tables<double> {
  static const RecurrentLoops<double>& loops() { return table().recurrent.f64; }
  static const GemmKernels<double>& moves() { return table().gemm.f64; }
};

}  // namespace

// ---- Vectors ----

template <class T>
RecurrentVectors<T>::RecurrentVectors() : steps(&Tables<T>::loops().steps) {}

template <class T>
RecurrentVectors<T>::Panels::Panels(const RecurrentSlice& slice) : slice_(slice) {
  const int64_t lanes = Tables<T>::loops().lanes;
  const bool gates = slice.form == RecurrentSlice::kGates;
  width_ = (gates ? slice.gates : 2) * lanes;
  panel_units_ = gates ? lanes : 2 * lanes;
  count_ = ceil_div(slice.units, panel_units_);
}

template <class T>
int64_t RecurrentVectors<T>::Panels::elements() const {
  constexpr int64_t unit = kAlign / sizeof(T);
  return ceil_div(count_ * slice_.k() * width_, unit) * unit;
}

template <class T>
void RecurrentVectors<T>::Panels::pack(const T* kernel, int64_t index, T* panels) const {
  const int64_t k = slice_.k(), row = slice_.row(), unit = index * panel_units_;
  const int64_t n = std::min(panel_units_, slice_.units - unit);
  T* to = panels + index * k * width_;
  if (n < panel_units_) std::fill_n(to, k * width_, T{});
  const T* from = slice_.start(kernel);
  if (slice_.form == RecurrentSlice::kTransposed) {
    Tables<T>::moves().transpose(n, k, from + unit * row, row, to, width_);
    return;
  }
  const int parts = slice_.form == RecurrentSlice::kGates ? slice_.gates : 1;
  for (int g = 0; g < parts; ++g)
    Tables<T>::moves().copy(k, n, from + g * slice_.units + unit, row, to + g * panel_units_,
                            width_);
}

template struct RecurrentVectors<float>;
template struct RecurrentVectors<double>;

// ---- Tiles ----

RecurrentTiles::RecurrentTiles()
    : thirds(table().recurrent.thirds), steps(thirds ? &thirds->steps : nullptr) {}

bool RecurrentTiles::fits(int64_t rows, int64_t units, bool apart, std::string& why) const {
  // For fewer, tiles are mostly empty, or too much of the time goes into splitting.
  constexpr int64_t kLeastRows = 24, kLeastUnits = 48;
  if (!thirds) why = "there are no tile multipliers";
  else if (apart) why = "each gate has a dropout mask of its own";
  else if (rows < kLeastRows || units < kLeastUnits) why = "few rows or units";
  return why.empty();
}

int64_t RecurrentTiles::scratch_elements(int64_t k) const {
  return ceil_div(k, kThirdsBlock) * kThirdsPanelBytes / static_cast<int64_t>(sizeof(float));
}

RecurrentTiles::Panels::Panels(const RecurrentSlice& slice)
    : slice_(slice),
      thirds_(table().recurrent.thirds),
      panel_units_(slice.form == RecurrentSlice::kGates ? kSide : kColumns * kSide),
      count_(ceil_div(slice.units, panel_units_)) {}

int64_t RecurrentTiles::Panels::blocks() const { return ceil_div(slice_.k(), kThirdsBlock); }

int64_t RecurrentTiles::Panels::elements() const {
  const int gates = slice_.form == RecurrentSlice::kGates ? slice_.gates : 1;
  const int64_t tiles = gates * ceil_div(slice_.units, kSide);
  return tiles * blocks() * 3 * kThirdsTileBytes / static_cast<int64_t>(sizeof(float));
}

void RecurrentTiles::Panels::pack(const float* kernel, int64_t index, float* panels) const {
  const bool gates = slice_.form == RecurrentSlice::kGates;
  const bool turned = slice_.form == RecurrentSlice::kTransposed;
  const int64_t unit = index * panel_units_, left = slice_.units - unit;
  const int64_t tiles = gates ? slice_.gates : std::min(kColumns, ceil_div(left, kSide));
  const int64_t third = tiles * kThirdsTileBytes;
  // Panels before this one are whole.
  char* to = reinterpret_cast<char*>(panels) +
             index * (gates ? slice_.gates : kColumns) * blocks() * 3 * kThirdsTileBytes;
  for (int64_t i = 0; i < tiles; ++i, to += kThirdsTileBytes) {
    const int64_t column = gates ? 0 : i * kSide, n = std::min(kSide, left - column);
    const float* from = slice_.start(kernel) + (gates ? i * slice_.units : 0) +
                        (unit + column) * (turned ? slice_.row() : 1);
    (turned ? thirds_->pack_turned : thirds_->pack)(n, slice_.k(), from, slice_.row(), to,
                                                    3 * third, third);
  }
}

}  // namespace kn::cpu
