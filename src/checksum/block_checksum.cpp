// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/block_checksum.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace zsluice::checksum {
namespace {

struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD, FreeDigest>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

constexpr std::size_t kDigestBytes = 32;

struct NamedChecksum {
  std::string_view name;
  std::optional<BlockAlgorithm> algorithm;
};
constexpr auto kChecksums = std::to_array<NamedChecksum>({
    {"inherit", {}},
    {"on", {}},
    {"off", {}},
    {"label", {}},
    {"gang_header", {}},
    {"zilog", {}},
    {"fletcher2", BlockAlgorithm::fletcher2},
    {"fletcher4", BlockAlgorithm::fletcher4},
    {"sha256", BlockAlgorithm::sha256},
    {"zilog2", {}},
    {"noparity", {}},
    {"sha512", BlockAlgorithm::sha512_256},
    {"skein", {}},
    {"edonr", {}},
    {"blake3", {}},
});

NamedChecksum named_checksum(ChecksumId id) {
  const auto index = static_cast<std::size_t>(id);
  return index < std::size(kChecksums) ? kChecksums[index] : NamedChecksum{"unknown", {}};
}

}  // namespace

std::string_view checksum_name(ChecksumId id) {
  return named_checksum(id).name;
}

bool is_salted(ChecksumId id) {
  return id == ChecksumId::skein || id == ChecksumId::edonr || id == ChecksumId::blake3;
}

std::optional<BlockAlgorithm> block_algorithm(ChecksumId id) {
  return named_checksum(id).algorithm;
}

void BlockChecksum::Fletcher2::add_pairs(ByteSpan pairs, ByteOrder order) {
  auto [a0, a1, b0, b1] = words;
  for (; pairs.size() >= kPairBytes; pairs = pairs.subspan(kPairBytes)) {
    a0 += load<std::uint64_t>(pairs.data(), order);
    a1 += load<std::uint64_t>(pairs.data() + sizeof(a0), order);
    b0 += a0;
    b1 += a1;
  }
  words = {a0, a1, b0, b1};
}

void BlockChecksum::Fletcher2::update(ByteSpan piece, ByteOrder order) {
  if (carried != 0) {
    const ByteSpan rest = take_prefix(piece, kPairBytes - carried);
    std::copy(rest.begin(), rest.end(), carry.data() + carried);
    carried += rest.size();
    if (carried < kPairBytes) return;
    add_pairs(carry, order);
    carried = 0;
  }
  add_pairs(piece, order);
  const ByteSpan unfinished = piece.last(piece.size() % kPairBytes);
  std::copy(unfinished.begin(), unfinished.end(), carry.data());
  carried = unfinished.size();
}

// The digests are fetched once: a fetch per block would search libcrypto's providers under a lock.
class BlockChecksum::Sha2 {
 public:
  void init(BlockAlgorithm algorithm) {
    const Digest& digest = algorithm == BlockAlgorithm::sha256 ? sha256_ : sha512_256_;
    working_ = context_ != nullptr && digest != nullptr &&
               EVP_DigestInit_ex2(context_.get(), digest.get(), nullptr) == 1;
  }

  void update(ByteSpan piece) {
    working_ = working_ && EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1;
  }

  // SHA-256 words are big-endian by definition. SHA-512/256 digests are copied into the words as
  // they are, so their value depends on the host that did it.
  [[nodiscard]] std::optional<BlockWords> finish(ByteOrder order) {
    std::array<std::byte, kDigestBytes> digest;
    unsigned bytes = 0;
    working_ =
        working_ && static_cast<std::size_t>(EVP_MD_CTX_get_size(context_.get())) == digest.size();
    working_ = working_ &&
               EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                  &bytes) == 1;
    if (!working_) return std::nullopt;
    BlockWords words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = load<std::uint64_t>(digest.data() + i * sizeof(words[i]), order);
    }
    return words;
  }

 private:
  Digest sha256_{EVP_MD_fetch(nullptr, "SHA2-256", nullptr)};
  Digest sha512_256_{EVP_MD_fetch(nullptr, "SHA2-512/256", nullptr)};
  Context context_{EVP_MD_CTX_new()};
  bool working_ = false;
};

BlockChecksum::BlockChecksum() = default;
BlockChecksum::BlockChecksum(BlockChecksum&&) noexcept = default;
BlockChecksum& BlockChecksum::operator=(BlockChecksum&&) noexcept = default;
BlockChecksum::~BlockChecksum() = default;

void BlockChecksum::init(BlockAlgorithm algorithm, ByteOrder order) {
  algorithm_ = algorithm;
  order_ = order;
  switch (algorithm) {
    case BlockAlgorithm::fletcher2:
      fletcher2_ = {};
      break;
    case BlockAlgorithm::fletcher4:
      fletcher4_ = Fletcher4Range({}, order);
      break;
    case BlockAlgorithm::sha256:
    case BlockAlgorithm::sha512_256:
      if (sha2_ == nullptr) sha2_ = std::make_unique<Sha2>();
      sha2_->init(algorithm);
      break;
  }
}

void BlockChecksum::update(ByteSpan piece) {
  switch (algorithm_) {
    case BlockAlgorithm::fletcher2:
      fletcher2_.update(piece, order_);
      break;
    case BlockAlgorithm::fletcher4:
      fletcher4_.update(piece);
      break;
    case BlockAlgorithm::sha256:
    case BlockAlgorithm::sha512_256:
      sha2_->update(piece);
      break;
  }
}

std::optional<BlockWords> BlockChecksum::finish() {
  if (algorithm_ == BlockAlgorithm::fletcher2) return fletcher2_.words;
  if (algorithm_ == BlockAlgorithm::fletcher4) {
    const Fletcher4& sum = fletcher4_.state();
    return BlockWords{sum.a, sum.b, sum.c, sum.d};
  }
  return sha2_->finish(algorithm_ == BlockAlgorithm::sha256 ? ByteOrder::big : order_);
}

}  // namespace zsluice::checksum
