// Batch normalization, the plain truth: channel by channel, in double.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu {

// x as (outer, channels, inner), and which optional inputs there are.
struct ChannelLayout {
  explicit ChannelLayout(const KernelRequest& request);

  int64_t outer = 1, channels = 1, inner = 1;
  double epsilon = 0;
  bool scale = true, center = true;  // gamma, beta are inputs

  int64_t per_channel() const { return outer * inner; }
  int64_t size() const { return outer * channels * inner; }
};

namespace ref {
std::unique_ptr<Kernel> make_batch_norm_train(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_batch_norm_infer(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_batch_norm_grad(const KernelRequest& r, std::string& refusal);
}  // namespace ref

}  // namespace kn::cpu
