// Elementwise programs on float32 (and bool, as 0 and 1) of which a thread takes eight elements at
// a time: what an instruction is, is looked up once for all of them, and memory is moved in 16
// bytes.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "program.h"
#include "strided.h"

namespace kn::cuda {

class VectorProgram {
 public:
  // nullptr where the program is not of these types, or too long.
  static std::unique_ptr<VectorProgram> make(const Program& program);

  // `targets`: where each output goes, over the program's domain.
  void run(const RunArgs& args, std::span<void* const> targets) const;

 private:
  explicit VectorProgram(const Program& program);
  void assign_slots(const Program& program);

  struct Source {
    DType dtype;
    Strided walk;
  };
  struct Target {
    uint8_t slot;
    DType dtype;
  };
  int64_t count_;
  std::vector<Source> sources_;
  std::vector<ProgramCode> code_;      // whose operands are slots
  std::vector<uint8_t> result_slots_;  // of its results
  int slots_ = 0;
  std::vector<Target> targets_;
};

// What the kernel reads of an instruction of a program.
ProgramCode program_code(const Instruction& from);

}  // namespace kn::cuda
