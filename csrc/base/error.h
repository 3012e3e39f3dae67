// Exceptions that reach Python as ValueError, TypeError and RuntimeError, and the one way to throw
// them: fail<ValueError>("[conv2d] expected ", x, "; got ", y).
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace kn {

struct ValueError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};
struct TypeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};
struct RuntimeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Parts>
std::string concat_text(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

template <class Error, class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(concat_text(parts...));
}

}  // namespace kn
