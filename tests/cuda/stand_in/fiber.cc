#include "fiber.h"

#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace stand_in {

namespace {
constexpr size_t kStack = 128 << 10, kPage = 4096;
}

#if defined(__x86_64__)
// Saves the registers that a call keeps, and takes up those of the other stack.
extern "C" void stand_in_switch(void** save, void* load);
asm(R"(
.text
.globl stand_in_switch
.hidden stand_in_switch
.type stand_in_switch,@function
stand_in_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size stand_in_switch,.-stand_in_switch
)");
#endif

struct Fiber::State {
  char* memory = nullptr;  // a page that may not be touched, then the stack
  Entry entry = nullptr;
  void* argument = nullptr;
  bool over = true;
#if defined(__x86_64__)
  void *here = nullptr, *back = nullptr;
#else
  ucontext_t here{}, back{};
#endif
#if defined(__SANITIZE_ADDRESS__)
  void* own_fake = nullptr;
  void* outer_fake = nullptr;
  const void* outer_bottom = nullptr;
  size_t outer_size = 0;
#endif

  char* bottom() const { return memory + kPage; }

  void enter() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&outer_fake, bottom(), kStack);
#endif
#if defined(__x86_64__)
    stand_in_switch(&back, here);
#else
    swapcontext(&back, &here);
#endif
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(outer_fake, nullptr, nullptr);
#endif
  }

  void leave() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(over ? nullptr : &own_fake, outer_bottom, outer_size);
#endif
#if defined(__x86_64__)
    stand_in_switch(&here, back);
#else
    swapcontext(&here, &back);
#endif
    arrived(own_fake_stack());
  }

  void* own_fake_stack() const {
#if defined(__SANITIZE_ADDRESS__)
    return own_fake;
#else
    return nullptr;
#endif
  }

  void arrived(void* fake) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, &outer_bottom, &outer_size);
#else
    (void)fake;
#endif
  }

  // The first thing on a fresh stack, which has no arguments: whose it is says `resumed`.
  static void begin() { resumed->body(); }
  static thread_local State* resumed;

  [[noreturn]] void body() {
    arrived(nullptr);
    entry(argument);
    over = true;
    leave();
    std::abort();  // a fiber that is over is not resumed
  }
};

thread_local Fiber::State* Fiber::State::resumed = nullptr;

Fiber::Fiber() : state_(std::make_unique<State>()) {
  void* memory = mmap(nullptr, kStack + kPage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, kPage, PROT_NONE);
  state_->memory = static_cast<char*>(memory);
}

Fiber::~Fiber() { munmap(state_->memory, kStack + kPage); }

void Fiber::start(Entry entry, void* argument) {
  State& s = *state_;
  s.entry = entry;
  s.argument = argument;
  s.over = false;
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(s.bottom(), kStack);  // what a fiber that was given up left there
#endif
#if defined(__x86_64__)
  // As if State::begin had been interrupted in its first instruction: six registers and its
  // address, on a stack that is aligned as after a call.
  auto** top = reinterpret_cast<void**>(s.bottom() + kStack - 16);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&State::begin);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  s.here = top;
#else
  getcontext(&s.here);
  s.here.uc_stack.ss_sp = s.bottom();
  s.here.uc_stack.ss_size = kStack;
  s.here.uc_link = nullptr;
  makecontext(&s.here, &State::begin, 0);
#endif
}

bool Fiber::resume() {
  State::resumed = state_.get();
  state_->enter();
  return !state_->over;
}

void Fiber::pause() { state_->leave(); }

}  // namespace stand_in
