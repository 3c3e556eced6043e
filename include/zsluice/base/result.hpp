// SPDX-License-Identifier: BSD-2-Clause
// Result<T, E>: a value or the reason why there is none. The member names are those of C++23's
// std::expected, so that a later switch is an alias. E is a small value type of the module that
// fails (numbers, no prose); sentences are made once, at the edge.
#pragma once

#include <optional>
#include <utility>
#include <variant>

namespace zsluice {

// Wraps an error on its way into a Result.
template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Unexpected{error};` read as what they are.
  Result(T value)  // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Unexpected<E> failure)  // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<1>, std::move(failure.error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Calling these on the wrong state throws std::bad_variant_access: a bug, never foreign input.
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const E& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(Unexpected<E> failure)  // NOLINT(google-explicit-constructor)
      : failure_(std::move(failure.error)) {}

  [[nodiscard]] bool has_value() const { return !failure_.has_value(); }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const E& error() const { return failure_.value(); }

 private:
  std::optional<E> failure_;
};

}  // namespace zsluice
