// SPDX-License-Identifier: BSD-2-Clause
#include "io/store_folder.hpp"

#include "io/file_calls.hpp"
#include "io/without_interruption.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace zsluice::io {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
// Of one in the store, in which something is changed: its own, not where a link leads.
constexpr int kInnerFolderFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kFileMode = 0666;
constexpr mode_t kFolderMode = 0777;
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;
constexpr int kSharedLockTries = 40;
constexpr std::chrono::milliseconds kSharedLockPause{25};

class OpenFile final : public StoredFile {
 public:
  OpenFile(Fd file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}

  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

  [[nodiscard]] Result<std::size_t, SysError> read_at(std::uint64_t offset,
                                                      MutableByteSpan into) const override {
    return read_all_at(file_.get(), into, offset);
  }

 private:
  Fd file_;
  std::uint64_t bytes_;
};

Result<void, SysError> sync_entries(const Fd& folder) {
  if (::fsync(folder.get()) == 0) return {};
  // File systems that have nothing to sync here say so. EROFS is no such answer: a file
  // system that has failed gives it, too.
  if (errno == EINVAL) return {};
  return sys_failure(SysOperation::write);
}

// Where a file of the store is changed: the last part of its name, in a folder that is held open.
class Place {
 public:
  [[nodiscard]] static Result<Place, SysError> find(const Fd& store, const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string::npos) return Place(store.get(), Fd(), name);
    Fd folder(::openat(store.get(), name.substr(0, slash).c_str(), kInnerFolderFlags));
    if (!folder) return sys_failure(SysOperation::open);
    const int at = folder.get();
    return Place(at, std::move(folder), name.substr(slash + 1));
  }

  [[nodiscard]] int folder() const { return at_; }
  [[nodiscard]] const char* name() const { return name_.c_str(); }

 private:
  Place(int at, Fd folder, std::string name)
      : at_(at), folder_(std::move(folder)), name_(std::move(name)) {}

  int at_;
  Fd folder_;
  std::string name_;
};

Result<Fd, SysError> open_file(const Fd& store, const std::string& name, int flags) {
  const auto place = Place::find(store, name);
  if (!place) return Unexpected{place.error()};
  constexpr int kAlways = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd file(::openat(place->folder(), place->name(), flags | kAlways, kFileMode));
  if (!file) return sys_failure(SysOperation::open);
  return file;
}

int rename_over(const Place& from, const Place& to) {
  return ::renameat(from.folder(), from.name(), to.folder(), to.name());
}

// Not every file system knows RENAME_NOREPLACE (NFS, some of FUSE), and of these not every one
// knows hard links. What remains then is to look: the lock keeps other writers of ours away.
int rename_new(const Place& from, const Place& to) {
  if (::renameat2(from.folder(), from.name(), to.folder(), to.name(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::linkat(from.folder(), from.name(), to.folder(), to.name(), 0) == 0) {
    return ::unlinkat(from.folder(), from.name(), 0);
  }
  if (errno == EEXIST || errno == ENOENT) return -1;
  struct stat status {};
  if (::fstatat(to.folder(), to.name(), &status, AT_SYMLINK_NOFOLLOW) == 0) errno = EEXIST;
  return errno == ENOENT ? rename_over(from, to) : -1;
}

}  // namespace

Result<std::unique_ptr<StoreFolder>, SysError> StoreFolder::open_to_read(const std::string& path) {
  Fd folder(::open(path.c_str(), kFolderFlags));
  if (!folder) return sys_failure(SysOperation::open);
  return std::unique_ptr<StoreFolder>(new StoreFolder(path, std::move(folder)));
}

Result<std::unique_ptr<StoreFolder>, SysError> StoreFolder::open_to_write(
    const std::string& path, const std::string& lock_name) {
  const bool is_made = ::mkdir(path.c_str(), kFolderMode) == 0;
  if (!is_made && errno != EEXIST) return sys_failure(SysOperation::open);
  auto opened = open_to_read(path);
  if (!opened) {
    if (is_made) ::rmdir(path.c_str());
    return opened;
  }
  StoreFolder& store = **opened;
  store.is_made_ = is_made;
  auto done = store.take_lock(lock_name);
  if (done) done = store.sync_parent();
  if (done) return opened;
  store.unmake();
  return Unexpected{done.error()};
}

// Always: whoever made the directory may have been killed before this.
Result<void, SysError> StoreFolder::sync_parent() const {
  const Fd parent(::openat(folder_.get(), "..", kFolderFlags));
  if (parent) {
    auto done = sync_entries(parent);
    // Of another file system, which is never written to: the directory was always there.
    if (!done && done.error().error == EROFS && !is_made_) return {};
    return done;
  }
  if (errno != EACCES) return sys_failure(SysOperation::open);
  // It may not be read; then all of the file system is synced.
  if (::syncfs(folder_.get()) != 0) return sys_failure(SysOperation::write);
  return {};
}

Result<void, SysError> StoreFolder::take_lock(const std::string& lock_name) {
  auto lock = lock_named(lock_name);
  // Of two copies whose writers start at once, one has the common file until it has its own.
  for (int i = 0; !lock && i < kSharedLockTries && is_shared(lock_name); ++i) {
    std::this_thread::sleep_for(kSharedLockPause);
    lock = lock_named(lock_name);
  }
  if (!lock) return Unexpected{lock.error()};
  struct stat status {};
  if (::fstat(lock->get(), &status) != 0) return sys_failure(SysOperation::lock);
  if (status.st_nlink > 1) {
    // A copy of the store (`cp -al`) has it, too, and a writer of its own.
    if (const auto made = unshare(lock_name, lock_name + ".part"); !made) {
      return sys_failure(SysOperation::lock, made.error().error);
    }
    lock = lock_named(lock_name);
    if (!lock) return Unexpected{lock.error()};
  }
  lock_ = *std::move(lock);
  lock_name_ = lock_name;
  return {};
}

bool StoreFolder::is_shared(const std::string& name) const {
  struct stat status {};
  return ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         status.st_nlink > 1;
}

Result<Fd, SysError> StoreFolder::lock_named(const std::string& lock_name) {
  auto lock = open_lock(lock_name);
  if (!lock) return lock;
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) return sys_failure(SysOperation::lock);
  // Whoever had it may have taken the store away again in between, or given it a lock of its own.
  struct stat held {};
  struct stat named {};
  if (::fstat(lock->get(), &held) != 0) return sys_failure(SysOperation::lock);
  const int found = ::fstatat(folder_.get(), lock_name.c_str(), &named, AT_SYMLINK_NOFOLLOW);
  if (found != 0 && errno != ENOENT) return sys_failure(SysOperation::lock);
  const bool is_it = found == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
  if (!is_it) return sys_failure(SysOperation::lock, EWOULDBLOCK);
  return lock;
}

Result<Fd, SysError> StoreFolder::open_lock(const std::string& lock_name) {
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd lock(::openat(folder_.get(), lock_name.c_str(), kFlags | O_CREAT | O_EXCL, kFileMode));
  is_lock_made_ = static_cast<bool>(lock);
  if (!lock && errno == EEXIST) lock = Fd(::openat(folder_.get(), lock_name.c_str(), kFlags));
  if (lock) return lock;
  // It was there a moment ago: its owner is about to take the store away.
  return sys_failure(SysOperation::lock, errno == ENOENT ? EWOULDBLOCK : errno);
}

// The lock is held: one that is not is someone else's by now. Whoever opened it meanwhile sees that
// it has no name any more.
void StoreFolder::unmake() {
  if (lock_ && is_lock_made_) ::unlinkat(folder_.get(), lock_name_.c_str(), 0);
  if (is_made_) ::rmdir(path_.c_str());  // if it is empty
}

Result<std::unique_ptr<StoredFile>, SysError> StoreFolder::open(const std::string& name) {
  // Without O_NONBLOCK a named pipe would not even be opened before it has a writer.
  Fd file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return sys_failure(SysOperation::open);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return sys_failure(SysOperation::examine);
  if (!S_ISREG(status.st_mode)) {
    return sys_failure(SysOperation::open, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  }
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  return std::unique_ptr<StoredFile>(new OpenFile(std::move(file), bytes));
}

Result<std::vector<std::string>, SysError> StoreFolder::list(const std::string& folder) {
  const std::string name = folder.empty() ? "." : folder;
  Fd fd(::openat(folder_.get(), name.c_str(), kFolderFlags));
  if (!fd) return sys_failure(SysOperation::open);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(fd.get()), &::closedir);
  if (!entries) return sys_failure(SysOperation::open);
  (void)fd.release();  // closedir() closes it
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    // A stream of this function alone.
    const dirent* const entry = ::readdir(entries.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) break;
    const std::string_view found = static_cast<const char*>(entry->d_name);
    if (found != "." && found != "..") names.emplace_back(found);
  }
  if (errno != 0) return sys_failure(SysOperation::read);
  return names;
}

Result<void, SysError> StoreFolder::make_folder(const std::string& name) {
  if (::mkdirat(folder_.get(), name.c_str(), kFolderMode) == 0) return {};
  if (errno != EEXIST) return sys_failure(SysOperation::write);
  struct stat status {};
  if (::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return sys_failure(SysOperation::examine);
  }
  if (!S_ISDIR(status.st_mode)) return sys_failure(SysOperation::write, ENOTDIR);
  return {};
}

Result<void, SysError> StoreFolder::sync_folder(const std::string& name) {
  if (name.empty()) return sync_entries(folder_);
  const Fd folder(::openat(folder_.get(), name.c_str(), kFolderFlags | O_NOFOLLOW));
  if (!folder) return sys_failure(SysOperation::open);
  return sync_entries(folder);
}

std::unique_ptr<StartedFile> StoreFolder::start_file(const std::string& name, ByteSpan bytes) {
  // Always a new file: the one that has the name may have other names, or be no file.
  if (auto removed = remove(name); !removed) return std::make_unique<WrittenFile>(removed);
  auto file = open_file(folder_, name, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::make_unique<WrittenFile>(Unexpected{file.error()});
  // A ring would take O_NONBLOCK for a wish not to wait for the disk.
  if (::fcntl(file->get(), F_SETFL, 0) != 0) {
    return std::make_unique<WrittenFile>(sys_failure(SysOperation::open));
  }
  Fd direct;
  if (FileWriter::is_direct(*file, bytes)) {
    if (auto opened = open_file(folder_, name, O_WRONLY | O_DIRECT)) direct = *std::move(opened);
  }
  if (!writer_) writer_.emplace(choice_);
  return writer_->start(*std::move(file), std::move(direct), bytes);
}

Result<void, SysError> StoreFolder::rename(const std::string& from,
                                           const std::string& to,
                                           OldFile old_file) {
  const auto source = Place::find(folder_, from);
  if (!source) return Unexpected{source.error()};
  const auto target = Place::find(folder_, to);
  if (!target) return Unexpected{target.error()};
  const int result =
      old_file == OldFile::stays ? rename_new(*source, *target) : rename_over(*source, *target);
  if (result != 0) return sys_failure(SysOperation::write);
  return {};
}

Result<void, SysError> StoreFolder::append(const std::string& name, ByteSpan bytes) {
  auto file = open_file(folder_, name, O_WRONLY | O_CREAT | O_APPEND);
  if (!file) return Unexpected{file.error()};
  if (const auto written = write_all(file->get(), bytes); !written) return written;
  return close_written(*std::move(file));
}

Result<void, SysError> StoreFolder::truncate(const std::string& name, std::uint64_t bytes) {
  auto file = open_file(folder_, name, O_WRONLY);
  if (!file) return Unexpected{file.error()};
  const std::int32_t cut =
      without_interruption([&] { return ::ftruncate(file->get(), static_cast<off_t>(bytes)); });
  if (cut < 0) return sys_failure(SysOperation::write, -cut);
  return close_written(*std::move(file));
}

Result<void, SysError> StoreFolder::unshare(const std::string& name, const std::string& spare) {
  const auto file = open_file(folder_, name, O_RDONLY);
  if (!file) return Unexpected{file.error()};
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) return sys_failure(SysOperation::examine);
  if (status.st_nlink <= 1) return {};
  if (const auto removed = remove(spare); !removed) return removed;
  auto copy = open_file(folder_, spare, O_WRONLY | O_CREAT | O_EXCL);
  if (!copy) return Unexpected{copy.error()};
  // As the other one is for everybody else; whose it is only root can choose.
  if (::fchmod(copy->get(), status.st_mode & 07777) != 0) return sys_failure(SysOperation::write);
  [[maybe_unused]] const int owned = ::fchown(copy->get(), status.st_uid, status.st_gid);
  std::vector<std::byte> piece(kCopyBytes);
  for (;;) {
    const std::int32_t count =
        without_interruption([&] { return ::read(file->get(), piece.data(), piece.size()); });
    if (count < 0) return sys_failure(SysOperation::read, -count);
    if (count == 0) break;
    const ByteSpan bytes = ByteSpan(piece).first(static_cast<std::size_t>(count));
    if (const auto written = write_all(copy->get(), bytes); !written) return written;
  }
  if (const auto synced = io::sync_file(copy->get()); !synced) return synced;
  if (const auto closed = close_written(*std::move(copy)); !closed) return closed;
  if (const auto renamed = rename(spare, name, OldFile::goes); !renamed) return renamed;
  const std::size_t slash = name.rfind('/');
  return sync_folder(slash == std::string::npos ? "" : name.substr(0, slash));
}

Result<void, SysError> StoreFolder::sync_file(const std::string& name) {
  const auto file = open_file(folder_, name, O_RDONLY);
  if (!file) return Unexpected{file.error()};
  return io::sync_file(file->get());
}

Result<void, SysError> StoreFolder::remove(const std::string& name) {
  const auto place = Place::find(folder_, name);
  if (!place) {
    if (place.error().error == ENOENT) return {};
    return Unexpected{place.error()};
  }
  if (::unlinkat(place->folder(), place->name(), 0) == 0 || errno == ENOENT) return {};
  return sys_failure(SysOperation::write);
}

}  // namespace zsluice::io
