// Kernels for pairs of recurrent ops (base/recurrence_pair.h), made of kernels for each.
#pragma once

#include <memory>
#include <string>

#include "base/recurrence_pair.h"
#include "runtime/kernel.h"

namespace kn {

// What a half of a pair is asked for, and what it runs with.
class PairHalf {
 public:
  PairHalf(const KernelRequest& pair, bool second)
      : op_(pair.attrs.text("of")),
        attrs_(recurrent_pair_half(pair.attrs, second)),
        in_(half(pair.in, second)),
        out_(half(pair.out, second)),
        constants_(half(pair.constants, second)),
        source_(pair.source) {}

  KernelRequest request() const { return {op_, attrs_, in_, out_, nullptr, constants_, source_}; }

 private:
  template <class T>
  static std::span<T> half(std::span<T> all, bool second) {
    return all.subspan(second ? all.size() / 2 : 0, all.size() / 2);
  }

  std::string op_;
  Attrs attrs_;
  std::span<const TensorType> in_, out_;
  std::span<const HostTensor* const> constants_;
  const KernelSource* source_;
};

// Both kernels, whatever runs them; K is what they have in common.
template <class K>
class RecurrentPair : public Kernel {
 public:
  RecurrentPair(const KernelRequest& pair, std::unique_ptr<K> first, std::unique_ptr<K> second)
      : first_(std::move(first)),
        second_(std::move(second)),
        inputs_(pair.in.size() / 2),
        outputs_(pair.out.size() / 2) {}

  size_t workspace_bytes() const override { return room() + second_->workspace_bytes(); }
  void run(const RunArgs& args) const override {
    first_->run(args);
    second_->run(of_second(args));
  }

 protected:
  RunArgs of_second(const RunArgs& args) const {
    RunArgs second = args;
    second.in += inputs_;
    second.out += outputs_;
    second.workspace = static_cast<char*>(args.workspace) + room();
    return second;
  }

  std::unique_ptr<K> first_, second_;

 private:
  size_t room() const { return (first_->workspace_bytes() + 63) / 64 * 64; }

  size_t inputs_, outputs_;
};

// make(request, why) makes the kernel of a half.
template <class K, class Pair = RecurrentPair<K>, class Make>
std::unique_ptr<Kernel> make_recurrent_pair(const KernelRequest& r, std::string& why, Make make) {
  std::unique_ptr<K> first = make(PairHalf(r, false).request(), why);
  std::unique_ptr<K> second = first ? make(PairHalf(r, true).request(), why) : nullptr;
  if (!second) return nullptr;
  return std::make_unique<Pair>(r, std::move(first), std::move(second));
}

}  // namespace kn
