// SPDX-License-Identifier: BSD-2-Clause
// A BEGIN of either kind before the policy, as it will leave.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/policy.hpp"

namespace zsluice::pipeline {

// Of other records nothing is asked.
[[nodiscard]] inline drr::Policy::Verdict judge_begin(drr::Policy& policy,
                                                      drr::Role role,
                                                      const drr::RecordView& header,
                                                      ByteSpan payload) {
  if (role == drr::Role::package_begin) {
    return policy.judge_package(drr::decode_begin(header), payload);
  }
  if (role == drr::Role::substream_begin) {
    return policy.judge_substream(drr::decode_begin(header), payload);
  }
  return std::nullopt;
}

}  // namespace zsluice::pipeline
