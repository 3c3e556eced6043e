// SPDX-License-Identifier: BSD-2-Clause
#include "cli/short_options.hpp"

#include "zsluice/base/escape.hpp"

#include <utility>

namespace zsluice::cli {
namespace {

class FlagReader {
 public:
  FlagReader(std::span<const FlagName> table, std::span<const std::string_view> arguments)
      : table_(table), arguments_(arguments) {}

  void read_all() {
    bool only_operands = false;
    while (at_ < arguments_.size() && !error_) {
      const std::string_view word = arguments_[at_++];
      if (only_operands || word.size() < 2 || word.front() != '-') {
        uses_.push_back({std::nullopt, {}, word});
      } else if (word == "--") {
        only_operands = true;
      } else if (word.starts_with("--")) {
        read_long(word.substr(2));
      } else {
        read_letters(word.substr(1));
      }
    }
  }

  [[nodiscard]] const std::optional<std::string>& error() const { return error_; }
  [[nodiscard]] std::vector<FlagUse> take() { return std::move(uses_); }

 private:
  void read_letters(std::string_view letters) {
    while (!letters.empty() && !error_) {
      const std::optional<std::size_t> flag = find_letter(letters.front());
      if (!flag) return fail("unknown option \"" + escaped("-" + std::string(letters)) + '"');
      std::string spelled{'-', letters.front()};
      letters.remove_prefix(1);
      if (!table_[*flag].takes_value) {
        uses_.push_back({flag, std::move(spelled), {}});
      } else if (!letters.empty()) {
        uses_.push_back({flag, std::move(spelled), std::exchange(letters, {})});
      } else {
        add_with_next_word(*flag, std::move(spelled));
      }
    }
  }

  void read_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::optional<std::size_t> flag = find_name(word.substr(0, equals));
    if (!flag) return;
    std::string spelled = "--" + std::string(table_[*flag].name);
    if (equals == std::string_view::npos) {
      if (table_[*flag].takes_value) return add_with_next_word(*flag, std::move(spelled));
      uses_.push_back({flag, std::move(spelled), {}});
    } else if (table_[*flag].takes_value) {
      uses_.push_back({flag, std::move(spelled), word.substr(equals + 1)});
    } else {
      fail(spelled + ": takes no value");
    }
  }

  void add_with_next_word(std::size_t flag, std::string spelled) {
    if (at_ == arguments_.size()) return fail(spelled + ": a value is missing");
    uses_.push_back({flag, std::move(spelled), arguments_[at_++]});
  }

  [[nodiscard]] std::optional<std::size_t> find_letter(char letter) const {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      if (letter != 0 && table_[i].letter == letter) return i;
    }
    return std::nullopt;
  }

  // Sets the error when there is none such, or more than one.
  std::optional<std::size_t> find_name(std::string_view name) {
    std::optional<std::size_t> found;
    bool is_ambiguous = false;
    for (std::size_t i = 0; i < table_.size(); ++i) {
      if (table_[i].name.empty() || !table_[i].name.starts_with(name)) continue;
      if (table_[i].name == name) return i;
      is_ambiguous = is_ambiguous || found.has_value();
      if (!found) found = i;
    }
    if (found && !is_ambiguous) return found;
    fail((is_ambiguous ? "ambiguous option \"--" : "unknown option \"--") + escaped(name) + '"');
    return std::nullopt;
  }

  void fail(std::string message) { error_ = std::move(message); }

  std::span<const FlagName> table_;
  std::span<const std::string_view> arguments_;
  std::size_t at_ = 0;
  std::vector<FlagUse> uses_;
  std::optional<std::string> error_;
};

}  // namespace

Result<std::vector<FlagUse>, std::string> read_flags(std::span<const FlagName> table,
                                                     std::span<const std::string_view> arguments) {
  FlagReader reader(table, arguments);
  reader.read_all();
  if (reader.error()) return Unexpected{*reader.error()};
  return reader.take();
}

}  // namespace zsluice::cli
