// The runtime API of the stand-in, streams: lists of work that is done in order within a stream
// and, but for events, in any order between them; graphs are lists of work that can be put again.
#include "streams.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

namespace stand_in {

struct Graph {
  std::vector<std::function<void()>> work;
};

namespace {

struct Line;

// So much of a line.
struct Point {
  std::shared_ptr<Line> line;
  uint64_t count = 0;
};

struct Item {
  std::function<void()> work;  // empty: waits for `until`
  Point until;
};

// What a stream has to do. It outlives its stream until it is done.
struct Line {
  std::deque<Item> items;
  uint64_t put = 0, done = 0;
  bool busy = false;      // some thread does the first item
  unsigned slowness = 0;  // it goes on by itself once in so many turns that chance gives it
};

}  // namespace

struct Stream {
  std::shared_ptr<Line> line = std::make_shared<Line>();
  Graph* capturing = nullptr;
};

struct Event {
  Point point;
  std::chrono::steady_clock::time_point recorded;
};

namespace {

size_t launched_graphs = 0;

class Lines {
 public:
  void put(const std::shared_ptr<Line>& line, Item item) {
    std::unique_lock<std::mutex> hold(lock_);
    if (line->items.empty()) open_.push_back(line);
    if (line->slowness == 0) line->slowness = draw_slowness();
    line->items.push_back(std::move(item));
    ++line->put;
    if (pace_ == Pace::at_once) finish({line, line->put}, hold);
    if (pace_ == Pace::any) wander(hold);
  }

  void finish(const Point& point) {
    std::unique_lock<std::mutex> hold(lock_);
    finish(point, hold);
  }

  void finish_all() {
    std::unique_lock<std::mutex> hold(lock_);
    const std::vector<std::shared_ptr<Line>> open = open_;
    for (const auto& line : open) finish({line, line->put}, hold);
  }

  void set_pace(Pace pace, unsigned seed) {
    std::lock_guard<std::mutex> hold(lock_);
    pace_ = pace;
    chance_.seed(seed);
  }

 private:
  using Hold = std::unique_lock<std::mutex>;

  static bool ready(const Line& line) {
    if (line.busy || line.items.empty()) return false;
    const Item& first = line.items.front();
    return first.work || first.until.line->done >= first.until.count;
  }

  // Does the first item of a line that is ready, unlocked meanwhile.
  void advance(const std::shared_ptr<Line>& line, Hold& hold) {
    const Item item = std::move(line->items.front());
    line->busy = true;
    std::exception_ptr error;
    if (item.work) {
      hold.unlock();
      try {
        run_on_device(item.work);
      } catch (...) {
        error = std::current_exception();
      }
      hold.lock();
    }
    line->busy = false;
    line->items.pop_front();
    ++line->done;
    if (line->items.empty()) std::erase(open_, line);
    moved_.notify_all();
    if (error) std::rethrow_exception(error);
  }

  void finish(Point point, Hold& hold) {
    while (point.line->done < point.count) {
      if (ready(*point.line)) advance(point.line, hold);
      else if (point.line->busy) moved_.wait(hold);
      else finish(point.line->items.front().until, hold);
    }
  }

  // Some streams are far slower than others, since that is how events are missed.
  unsigned draw_slowness() {
    constexpr unsigned kSlowness[] = {1, 4, 1000};
    return kSlowness[chance_() % 3];
  }

  // Some items of some lines.
  void wander(Hold& hold) {
    for (unsigned turns = chance_() % 4; turns > 0 && !open_.empty(); --turns) {
      const auto line = open_[chance_() % open_.size()];
      if (chance_() % line->slowness == 0 && ready(*line)) advance(line, hold);
    }
  }

  std::mutex lock_;
  std::condition_variable moved_;
  std::vector<std::shared_ptr<Line>> open_;  // with something to do
  Pace pace_ = Pace::late;
  std::mt19937 chance_;
};

Lines& lines() {
  static auto* instance = new Lines;
  return *instance;
}

}  // namespace

void put(cudaStream_t stream, std::function<void()> work) {
  if (!stream) run_on_device(work);
  else if (stream->capturing) stream->capturing->work.push_back(std::move(work));
  else lines().put(stream->line, {std::move(work), {}});
}

void set_pace(Pace pace, unsigned seed) { lines().set_pace(pace, seed); }
void finish_all() { lines().finish_all(); }
size_t graph_launches() { return launched_graphs; }

}  // namespace stand_in

using stand_in::failed;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new stand_in::Stream;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!stream) return cudaSuccess;
  if (stream->capturing) return failed(cudaErrorStreamCaptureUnsupported);
  stand_in::lines().finish({stream->line, stream->line->put});
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new stand_in::Event;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

// Events within a capture would be edges of its graph: nobody here asks for that.
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (!stream || stream->capturing) return failed(cudaErrorStreamCaptureUnsupported);
  event->point = {stream->line, stream->line->put};
  event->recorded = std::chrono::steady_clock::now();
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->point.line) stand_in::lines().finish(event->point);
  return cudaSuccess;
}

// By the host's clock: where streams do at once what they are to do.
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  *milliseconds = std::chrono::duration<float, std::milli>(to->recorded - from->recorded).count();
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (!stream || stream->capturing) return failed(cudaErrorStreamCaptureUnsupported);
  if (event->point.line) stand_in::lines().put(stream->line, {nullptr, event->point});
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (!stream || stream->capturing) return failed(cudaErrorInvalidValue);
  stream->capturing = new stand_in::Graph;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = std::exchange(stream->capturing, nullptr);
  return *graph ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new stand_in::Graph(*graph);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  ++stand_in::launched_graphs;
  for (const auto& work : exec->work) stand_in::put(stream, work);
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  stand_in::put(stream, [=] { function(argument); });
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
