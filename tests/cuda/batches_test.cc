// Stretches of batches on the device, in which nobody waits: whatever way the rows come and however
// its streams get ahead of each other, the bits are those of one run after the other.
#include <thread>

#include "base/error.h"
#include "hooks.h"
#include "models.h"

namespace kn::test {
namespace {

constexpr Dim kRows = 70, kBatch = 16, kBatches = 5;

struct Way {
  bool shuffled, kept;
};

std::vector<int64_t> shuffled_rows() {
  std::vector<int64_t> order(kRows);
  for (int64_t i = 0; i < kRows; ++i) order[static_cast<size_t>(i)] = i * 37 % kRows;
  return order;
}

std::vector<ArrayRef> refs_of(const std::vector<HostTensor>& data) {
  std::vector<ArrayRef> refs;
  for (const HostTensor& t : data) refs.push_back({t.data(), t.type()});
  return refs;
}

struct Trained {
  std::vector<double> sums, last;
  std::vector<HostTensor> weights;
};

// Two epochs by run_batches.
Trained train_in_stretches(const Model& model, const KernelSource& where, Way way) {
  const auto data = batch(model, kRows, 9);
  const auto order = shuffled_rows();
  ModelBuilder b(where);
  model.build(b);
  Executable e(b.graph, where, Phase::training, "train");
  const auto refs = refs_of(data);
  const auto kept = way.kept ? DeviceData::make(e, refs) : nullptr;
  EXPECT_EQ(kept != nullptr, way.kept && where.device().queued());
  Trained t;
  // In two pieces, as between two drawings of a progress bar, and whole.
  for (const auto& [first, last] : {std::pair<int64_t, int64_t>{0, 2}, {2, 5}, {0, kBatches}}) {
    BatchJob job{refs,         {},        kBatch,
                 first,        last,      way.shuffled ? order.data() : nullptr,
                 Phase::input, kept.get()};
    const BatchResults r = run_batches(e, job, [] { return false; });
    EXPECT_EQ(r.samples, std::min<int64_t>(last * kBatch, kRows) - first * kBatch);
    t.sums.insert(t.sums.end(), r.sums.begin(), r.sums.end());
    t.last = r.last;
  }
  EXPECT_EQ(e.step(), 2u * kBatches);
  for (const auto& v : b.variables) t.weights.push_back(v->read());
  return t;
}

// The same, each batch a run of its own.
Trained train_by_runs(const Model& model, const KernelSource& where, bool shuffled) {
  const auto data = batch(model, kRows, 9);
  const auto order = shuffled_rows();
  ModelBuilder b(where);
  model.build(b);
  Executable e(b.graph, where, Phase::training, "train");
  Trained t;
  for (int64_t k : {0, 1, 2, 3, 4, 0, 1, 2, 3, 4}) {
    if (k == 0 || (k == 2 && t.sums.size() == 1)) t.sums.push_back(0);
    const Dim rows = std::min(kBatch, kRows - k * kBatch);
    std::vector<HostTensor> feeds;
    for (const HostTensor& whole : data) {
      TensorType type = whole.type();
      type.shape[0] = rows;
      const size_t row = type.bytes() / static_cast<size_t>(rows);
      feeds.emplace_back(type);
      for (Dim i = 0; i < rows; ++i) {
        const int64_t at = k * kBatch + i, from = shuffled ? order[static_cast<size_t>(at)] : at;
        std::memcpy(static_cast<char*>(feeds.back().data()) + static_cast<size_t>(i) * row,
                    static_cast<const char*>(whole.data()) + static_cast<size_t>(from) * row, row);
      }
    }
    t.last = {call(e, feeds)[0].number_at(0)};
    t.sums.back() += t.last[0] * static_cast<double>(rows);
  }
  for (const auto& v : b.variables) t.weights.push_back(v->read());
  return t;
}

void expect_equal(const Trained& got, const Trained& want, const std::string& what) {
  EXPECT_EQ(got.sums, want.sums) << what;
  EXPECT_EQ(got.last, want.last) << what;
  for (size_t i = 0; i < want.weights.size(); ++i)
    EXPECT_TRUE(same_bits(got.weights[i], want.weights[i])) << what << ", variable " << i;
}

TEST(Batches, EveryWayGivesTheBitsOfSingleRuns) {
  for (const bool shuffled : {false, true}) {
    const Trained want = train_by_runs(mlp(), device_source(), shuffled);
    for (const bool kept : {false, true})
      for (unsigned seed = 0; seed < (kept ? 4 : 12); ++seed) {
        stir_streams(seed);
        expect_equal(
            train_in_stretches(mlp(), device_source(), {shuffled, kept}), want,
            concat_text(shuffled ? "shuffled " : "", kept ? "kept" : "sent", ", seed ", seed));
      }
  }
  stir_streams(0);
}

TEST(Batches, AgreeWithTheCpu) {
  for (const Model& model : {cnn(), rnn()}) {
    const Trained cpu = train_in_stretches(model, device_source().host(), {true, false});
    const Trained gpu = train_in_stretches(model, device_source(), {true, true});
    for (size_t i = 0; i < cpu.sums.size(); ++i)
      EXPECT_NEAR(gpu.sums[i], cpu.sums[i], 1e-3 * cpu.sums[i]);
  }
}

// One launch for a whole batch: its rows, the step, and what is kept of it.
TEST(Batches, AreRecordedWithTheirRows) {
  const int64_t before = recorded_launches();
  if (before < 0) GTEST_SKIP() << "nobody counts recorded launches here";
  train_in_stretches(mlp(), device_source(), {true, true});
  EXPECT_EQ(recorded_launches() - before, 2 * kBatches - 2);  // but for the first of two plans
}

TEST(Batches, OneExecutableIsTrainedInAllWaysInTurn) {
  const Model model = mlp();
  const auto data = batch(model, 32, 9);
  const auto refs = refs_of(data);
  std::vector<std::vector<double>> losses;
  for (const KernelSource* where : {&device_source().host(), &device_source()}) {
    ModelBuilder b(*where);
    model.build(b);
    Executable e(b.graph, *where, Phase::training, "train");
    std::vector<double> all;
    for (int round = 0; round < 3; ++round) {
      const auto kept = round == 1 ? DeviceData::make(e, refs) : nullptr;
      const BatchJob job{refs, {}, 16, 0, 2, nullptr, Phase::input, kept.get()};
      all.push_back(run_batches(e, job, [] { return false; }).sums[0]);
      all.push_back(call(e, batch(model, 16, 50))[0].number_at(0));
    }
    losses.push_back(all);
  }
  for (size_t i = 0; i < losses[0].size(); ++i)
    EXPECT_NEAR(losses[1][i], losses[0][i], 1e-3 * losses[0][i]) << i;
}

TEST(Batches, SeveralThreadsTrainAtOnce) {
  const Trained want = train_in_stretches(mlp(), device_source(), {true, true});
  stir_streams(5);
  std::vector<Trained> got(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < got.size(); ++i)
    threads.emplace_back(
        [&, i] { got[i] = train_in_stretches(mlp(), device_source(), {true, i % 2 == 0}); });
  for (std::thread& t : threads) t.join();
  stir_streams(0);
  for (size_t i = 0; i < got.size(); ++i) expect_equal(got[i], want, concat_text("thread ", i));
}

TEST(Batches, AWrongIndexEndsTheStretch) {
  const Value x = placeholder({DType::i64, {kUnknown}}, "x");
  const Value table = constant(std::make_shared<HostTensor>(uniform(DType::f32, {5, 3}, 1, 2, 1)));
  const Value rows = apply("gather", {table, x}, {{"axis", int64_t{0}}});
  Executable e(Graph{{x}, {ops::sum(rows, {0, 1})}, {}}, device_source(), Phase::test, "rows");
  std::vector<double> numbers(40, 2);
  const auto run = [&] {
    const HostTensor data = tensor(DType::i64, {40}, numbers);
    const std::vector<ArrayRef> refs = {{data.data(), data.type()}};
    return run_batches(e, {refs, {}, 8, 0, 5, nullptr, Phase::input, nullptr},
                       [] { return false; });
  };
  const double right = run().sums[0];
  numbers[21] = 5;
  try {
    run();
    ADD_FAILURE() << "accepted";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("within [0, 5); got 5"), std::string::npos)
        << error.what();
  }
  numbers[21] = 2;
  EXPECT_EQ(run().sums[0], right) << "the next stretch is right";
}

TEST(Batches, RowsComeBackInOrder) {
  const Value x = placeholder({DType::f32, {kUnknown, 6}}, "x");
  const Graph graph{{x}, {apply("tanh", {x}), apply("sum", {x}, {{"axes", Ints{1}}})}, {}};
  const HostTensor data = uniform(DType::f32, {kRows, 6}, -1, 1, 3);
  const std::vector<ArrayRef> refs = {{data.data(), data.type()}};
  std::vector<std::vector<HostTensor>> results;
  for (const KernelSource* where : {&device_source().host(), &device_source()})
    for (unsigned seed = 0; seed < 3; ++seed) {
      stir_streams(seed);
      Executable e(graph, *where, Phase::test, "rows");
      const BatchJob job{refs, {}, kBatch, 0, kBatches, nullptr, Phase::input, nullptr};
      results.emplace_back();
      std::vector<void*> out;
      for (const TensorType& t : row_outputs(e, job)) results.back().emplace_back(t);
      for (HostTensor& t : results.back()) out.push_back(t.data());
      run_rows(e, job, out, [] { return false; });
    }
  stir_streams(0);
  for (const auto& r : results)
    for (size_t i = 0; i < r.size(); ++i)
      EXPECT_TRUE(close(r[i], results[0][i], {1e-6, 1e-6})) << "output " << i;
}

// So much of each batch that it goes back beside the next one.
TEST(Batches, LargeResultsComeBackInOrder) {
  constexpr Dim kRowsOf = 16, kWide = 16 << 10;
  const Value x = placeholder({DType::f32, {kUnknown, 2}}, "x");
  const HostTensor kernel = uniform(DType::f32, {2, kWide}, -1, 1, 4);
  const Value wide = apply("matmul", {x, constant(std::make_shared<HostTensor>(kernel))});
  const Graph graph{{x}, {wide, apply("tanh", {x})}, {}};
  const HostTensor data = uniform(DType::f32, {5 * kRowsOf, 2}, -1, 1, 3);
  const std::vector<ArrayRef> refs = {{data.data(), data.type()}};
  HostTensor want = filled(DType::f32, {5 * kRowsOf, kWide}, 0);
  for (unsigned seed = 0; seed < 5; ++seed) {
    stir_streams(seed);
    Executable e(graph, device_source(), Phase::test, "rows");
    const BatchJob job{refs, {}, kRowsOf, 0, 5, nullptr, Phase::input, nullptr};
    std::vector<HostTensor> results;
    std::vector<void*> out;
    for (const TensorType& t : row_outputs(e, job)) results.emplace_back(t);
    for (HostTensor& t : results) out.push_back(t.data());
    run_rows(e, job, out, [] { return false; });
    if (seed == 0) want = std::move(results[0]);
    else EXPECT_TRUE(same_bits(results[0], want)) << "seed " << seed;
  }
  stir_streams(0);
  for (Dim row : {Dim{0}, 2 * kRowsOf + 3, 5 * kRowsOf - 1})
    EXPECT_NEAR(want.number_at(row * kWide + 7),
                data.number_at(row * 2) * kernel.number_at(7) +
                    data.number_at(row * 2 + 1) * kernel.number_at(kWide + 7),
                1e-5);
}

TEST(DeviceDataSet, StaysWhereItTakesNoMoreThanItsShare) {
  const Value x = placeholder({DType::f32, {kUnknown, 64}}, "x");
  Executable e(Graph{{x}, {ops::sum(x, {0, 1})}, {}}, device_source(), Phase::test, "sum");
  const HostTensor data = filled(DType::f32, {1024, 64}, 1);  // 256 KB
  const std::vector<ArrayRef> refs = {{data.data(), data.type()}};
  Device& device = device_source().device();
  const double share = data_share();
  EXPECT_NE(DeviceData::make(e, refs), nullptr);
  device.set_memory_limit(device.memory().used + (512 << 10), false);
  EXPECT_EQ(DeviceData::make(e, refs), nullptr) << "more than its share of what is left";
  set_data_share(0.6);
  EXPECT_NE(DeviceData::make(e, refs), nullptr);
  device.set_memory_limit(0, false);
  set_data_share(0);
  EXPECT_EQ(DeviceData::make(e, refs), nullptr);
  set_data_share(share);
  // Other arrays than those that were kept.
  const auto kept = DeviceData::make(e, refs);
  const HostTensor other = filled(DType::f32, {1024, 64}, 1);
  const std::vector<ArrayRef> wrong = {{other.data(), other.type()}};
  const BatchJob job{wrong, {}, 8, 0, 5, nullptr, Phase::input, kept.get()};
  EXPECT_THROW(run_batches(e, job, [] { return false; }), ValueError);
}

}  // namespace
}  // namespace kn::test
