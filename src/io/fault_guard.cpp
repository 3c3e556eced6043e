// SPDX-License-Identifier: BSD-2-Clause
#include "io/fault_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

namespace zsluice::io {
namespace {

struct Slot {
  std::atomic<std::uintptr_t> begin;  // kFree, kReserved or an address
  std::atomic<std::uintptr_t> end;
  std::atomic<std::uint64_t> file_offset;
  std::atomic<FaultRecord*> record;
};

constexpr std::uintptr_t kFree = 0;
constexpr std::uintptr_t kReserved = 1;  // being filled in

// A signal handler has no argument to find its state by, so this state is global.
struct Handler {
  std::array<Slot, kMaxMappedWindows> slots;
  std::atomic<std::uintptr_t> page_bytes;
  std::mutex mutex;  // of what follows; the handler only reads `previous`
  std::size_t guards = 0;
  struct sigaction previous {};
};
Handler handler;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// Makes the rest of the window readable from the page of `address` on.
bool repair(const Slot& slot, std::uintptr_t address) {
  const std::uintptr_t begin = slot.begin.load(std::memory_order_acquire);
  const std::uintptr_t end = slot.end.load(std::memory_order_relaxed);
  if (begin <= kReserved || address < begin || address >= end) return false;
  const std::uintptr_t page = address - address % handler.page_bytes.load();
  slot.record.load(std::memory_order_relaxed)
      ->note(slot.file_offset.load(std::memory_order_relaxed) + (page - begin));
  // The address of the window is known as a number only.
  void* const target = reinterpret_cast<void*>(page);  // NOLINT(performance-no-int-to-ptr)
  return ::mmap(target, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
         MAP_FAILED;
}

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = handler.previous;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // Delivered on return, also when the signal was sent and no access will be repeated.
    ::sigaction(signal, &previous, nullptr);
    static_cast<void>(::raise(signal));
  }
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  bool repaired = false;
  if (info->si_code > 0) {  // a fault, not kill(2)
    for (const Slot& slot : handler.slots) {
      repaired = repair(slot, address);
      if (repaired) break;
    }
  }
  if (!repaired) pass_on(signal, info, context);
  errno = saved_errno;
}

std::optional<std::size_t> reserve_slot() {
  for (std::size_t i = 0; i < kMaxMappedWindows; ++i) {
    std::uintptr_t expected = kFree;
    if (handler.slots[i].begin.compare_exchange_strong(expected, kReserved)) return i;
  }
  return std::nullopt;
}

}  // namespace

void FaultRecord::note(std::uint64_t file_offset) {
  std::uint64_t lowest = lowest_.load(std::memory_order_relaxed);
  while (file_offset < lowest &&
         !lowest_.compare_exchange_weak(lowest, file_offset, std::memory_order_acq_rel)) {
  }
}

FaultGuard::FaultGuard() {
  const std::lock_guard lock(handler.mutex);
  if (handler.guards++ > 0) return;
  handler.page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  // Asked for first, so that the handler never runs without knowing whom it follows.
  ::sigaction(SIGBUS, nullptr, &handler.previous);
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGBUS, &action, nullptr);
}

FaultGuard::~FaultGuard() {
  const std::lock_guard lock(handler.mutex);
  if (--handler.guards > 0) return;
  struct sigaction current {};
  ::sigaction(SIGBUS, nullptr, &current);
  // Somebody who installed a handler after us may still call ours.
  const bool is_ours = (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_bus_error;
  if (is_ours) ::sigaction(SIGBUS, &handler.previous, nullptr);
}

Result<MappedPages, SysError> MappedPages::map(int fd, Range range, FaultRecord& record) {
  const std::optional<std::size_t> slot = reserve_slot();
  if (!slot) return sys_failure(SysOperation::map, EAGAIN);
  Slot& entry = handler.slots[*slot];
  // Not MAP_POPULATE: it walks page by page, where a fault maps the cached pages around it as well.
  void* const memory = ::mmap(nullptr, range.bytes, PROT_READ, MAP_SHARED, fd,
                              static_cast<off_t>(range.file_offset));
  if (memory == MAP_FAILED) {
    entry.begin.store(kFree);
    return sys_failure(SysOperation::map);
  }
  // Read once, front to back: these pages need not push others out of the page cache.
  ::madvise(memory, range.bytes, MADV_SEQUENTIAL);
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  entry.end.store(begin + range.bytes, std::memory_order_relaxed);
  entry.file_offset.store(range.file_offset, std::memory_order_relaxed);
  entry.record.store(&record, std::memory_order_relaxed);
  entry.begin.store(begin, std::memory_order_release);
  return MappedPages({static_cast<const std::byte*>(memory), range.bytes}, *slot);
}

MappedPages::MappedPages(MappedPages&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), slot_(other.slot_) {}

MappedPages& MappedPages::operator=(MappedPages&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(slot_, other.slot_);
  return *this;
}

MappedPages::~MappedPages() {
  if (bytes_.empty()) return;
  // Forgotten before the address can belong to somebody else.
  handler.slots[slot_].begin.store(kFree);
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace zsluice::io
