// SPDX-License-Identifier: BSD-2-Clause
// FetchedStore: the files of a store that is read, each segment printed by a command
// (`--fetch`). The command is told ZSLUICE_SEGMENT, the file's name within the store.
//
// A segment is read into memory: its header first, and then as much as the header says, whose hash
// is right, and at most kSegmentHeaderBytesMax + 1 more. So no command makes us take more memory
// than the longest segment there is. The manifest is STORE's; without STORE the command is asked
// for it, once and without another try, and it is kept in a file without a name.
//
// Nothing can be listed here, and nothing is written. What open() of a segment gives:
//
//     the command                                    given
//     exits with 0, and has printed something        that, whatever it is: the reader judges
//     prints more than the segment is long           the beginning, a little too long; it is ended
//     fails, or exits with 0 and prints nothing      another try (command_retry.hpp), then the
//                                                    error of SysOperation::run: whether the
//                                                    segment is missing or out of reach, and
//                                                    whether it will be there later, is not known
//     exits with 0 after a part (`curl … | cat`)     the part: a damaged segment, not tried again
//     never ends                                     nothing
//     is not started, or not tried again, since      kFetchStopped
//     is_stopped()
//
// and open() of the manifest:
//
//     STORE is given                                 STORE's, or its error
//     the command fails, or prints nothing,          ENOENT: it is done without
//     or is not started
//     it prints more than kManifestFetchBytesMax     the same
//     $TMPDIR is full or not there                   that error
//
// open() and the files it gives may be used by several threads at once, if the options' functions
// and the folder may.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/command_retry.hpp"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace zsluice::io {
class ScratchFile;
}

namespace zsluice::pipeline {

// Some three million segments: 45 TiB of 16 MiB each.
inline constexpr std::uint64_t kManifestFetchBytesMax = std::uint64_t{1} << 30;

// There is no segment because an end was wanted.
inline constexpr io::SysError kFetchStopped{io::SysOperation::run, EINTR};

class FetchedStore final : public io::StoreFiles {
 public:
  // `folder`: STORE, or null; outlives the object.
  FetchedStore(io::StoreFiles* folder, CommandOptions options);
  FetchedStore(const FetchedStore&) = delete;
  FetchedStore& operator=(const FetchedStore&) = delete;
  ~FetchedStore() override;

  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override;
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override;
  [[nodiscard]] bool is_remote() const override { return true; }

  // EROFS, all of them.
  [[nodiscard]] Result<void, io::SysError> make_folder(const std::string& name) override;
  [[nodiscard]] Result<void, io::SysError> sync_folder(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string& name,
                                                            ByteSpan bytes) override;
  [[nodiscard]] Result<void, io::SysError> rename(const std::string& from,
                                                  const std::string& to,
                                                  io::OldFile old_file) override;
  [[nodiscard]] Result<void, io::SysError> append(const std::string& name, ByteSpan bytes) override;
  [[nodiscard]] Result<void, io::SysError> truncate(const std::string& name,
                                                    std::uint64_t bytes) override;
  [[nodiscard]] Result<void, io::SysError> sync_file(const std::string& name) override;
  [[nodiscard]] Result<void, io::SysError> remove(const std::string& name) override;

 private:
  using Manifest = Result<std::shared_ptr<const io::ScratchFile>, io::SysError>;

  [[nodiscard]] Result<std::vector<std::byte>, io::SysError> fetch_segment(
      const std::string& name) const;
  [[nodiscard]] Manifest fetch_manifest() const;
  [[nodiscard]] bool is_stopped() const { return options_.is_stopped && options_.is_stopped(); }
  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open_manifest();

  io::StoreFiles* folder_;
  CommandOptions options_;
  std::mutex manifest_mutex_;
  std::optional<Manifest> manifest_;  // once it was asked for
};

}  // namespace zsluice::pipeline
