#include "cpu/ref/movement.h"

#include "cpu/families.h"

namespace kn::cpu {

namespace {

const Candidate kTranspose[] = {{"ref", ref::make_transpose}};
const Candidate kConcat[] = {{"ref", ref::make_concat}};
const Candidate kStack[] = {{"ref", ref::make_stack}};
const Candidate kSplit[] = {{"ref", ref::make_split}};
const Candidate kSplitLike[] = {{"ref", ref::make_split}};
const Candidate kTile[] = {{"ref", ref::make_tile}};
const Candidate kTileSum[] = {{"ref", ref::make_tile_sum}};
const Candidate kRepeat[] = {{"ref", ref::make_repeat}};
const Candidate kRepeatSum[] = {{"ref", ref::make_repeat_sum}};

const OpKernels kKernels[] = {
    {"transpose", kTranspose},
    {"concat", kConcat},
    {"stack", kStack},
    {"split", kSplit},
    {"split_like", kSplitLike},
    {"tile", kTile},
    {"tile_sum", kTileSum},
    {"repeat", kRepeat},
    {"repeat_sum", kRepeatSum},
};

}  // namespace

std::span<const OpKernels> movement_kernels() { return kKernels; }

}  // namespace kn::cpu
