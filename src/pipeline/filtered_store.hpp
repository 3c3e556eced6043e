// SPDX-License-Identifier: BSD-2-Clause
// FilteredStore: the files of a store that is written, its segments handed to a command each
// (`split --filter`). The folder behind it holds the manifest and the lock, and nothing else.
//
//     the writer's call            here
//     start_file(name.part)        the command runs, as for `name`; done when it has exited with 0
//     rename(name.part, name)      nothing: it has the name already
//     make_folder, sync_folder     nothing, but for STORE itself
//     remove(name.part)            nothing: what a command left undone is the command's business
//     publish(manifest.jsonl)      the command runs, with the manifest, whole or cut short
//     everything else              the folder's
//
// The command gets the file on stdin, and in its environment ZSLUICE_SEGMENT (the name within the
// store), ZSLUICE_SIZE (bytes) and ZSLUICE_DIGEST (SHA-256 of the whole file in hex, as sha256sum
// prints it). It is tried again as command_retry.hpp says. Where the user wants an end while there
// is input left, one more segment is handed over at most (store_writer.hpp), and the manifest.
//
// What each failure leaves. "There" is where the command puts things; the manifest in STORE never
// names a segment that the command has not taken:
//
//     the command fails, and each further try     there: all earlier segments, perhaps a part of
//                                                 this one. STORE: a manifest of the earlier ones.
//                                                 Nothing more is handed over, no manifest either.
//     the same with the manifest                  there: all segments, no manifest or an old one.
//                                                 STORE: the whole manifest, which can be copied.
//     the command takes it, then this process     there: one segment more than the manifest names,
//     dies before the manifest's line is written  which links to the others.
//     this process is killed meanwhile            the command sees its input end too early: it may
//                                                 store a short file. ZSLUICE_SIZE tells it; a
//                                                 reader finds it damaged, and all before it good.
//     STORE's disk is full                        there: one segment more than the manifest names.
//     the stream breaks off or is damaged         there: a valid prefix, with its manifest.
//     the command lies: exits with 0, stores      only reading tells: `join --fetch`.
//     nothing, or something else
#pragma once

#include "io/store_files.hpp"
#include "pipeline/command_retry.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::pipeline {

class FilteredStore final : public io::StoreFiles {
 public:
  // `folder` outlives the object. One thread.
  FilteredStore(io::StoreFiles& folder, CommandOptions options)
      : folder_(folder), options_(std::move(options)) {}

  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    return folder_.open(name);
  }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override {
    return folder_.list(folder);
  }
  [[nodiscard]] Result<void, io::SysError> make_folder(const std::string& name) override;
  [[nodiscard]] Result<void, io::SysError> sync_folder(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string& name,
                                                            ByteSpan bytes) override;
  [[nodiscard]] Result<void, io::SysError> rename(const std::string& from,
                                                  const std::string& to,
                                                  io::OldFile old_file) override;
  [[nodiscard]] Result<void, io::SysError> append(const std::string& name,
                                                  ByteSpan bytes) override {
    return folder_.append(name, bytes);
  }
  [[nodiscard]] Result<void, io::SysError> truncate(const std::string& name,
                                                    std::uint64_t bytes) override {
    return folder_.truncate(name, bytes);
  }
  [[nodiscard]] Result<void, io::SysError> sync_file(const std::string& name) override {
    return folder_.sync_file(name);
  }
  [[nodiscard]] Result<void, io::SysError> remove(const std::string& name) override;
  [[nodiscard]] Result<void, io::SysError> publish(const std::string& name) override;

 private:
  io::StoreFiles& folder_;
  CommandOptions options_;
};

}  // namespace zsluice::pipeline
