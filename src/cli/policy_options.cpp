// SPDX-License-Identifier: BSD-2-Clause
#include "cli/policy_options.hpp"

namespace zsluice::cli {

namespace po = boost::program_options;

drr::PolicyOptions read_policy(OptionReader& reader) {
  drr::PolicyOptions policy;
  policy.allow_plaintext = reader.flag("allow-plaintext");
  policy.single_dataset = reader.flag("single-dataset");
  policy.no_properties = reader.flag("no-properties");
  reader.guid("expect-toguid", policy.expect_toguid);
  reader.guid("expect-fromguid", policy.expect_fromguid);
  reader.text("expect-name", policy.expect_name);
  reader.size("max-size", policy.max_bytes);
  return policy;
}

void add_policy_options(po::options_description& options) {
  options.add_options()                                                   //
      ("allow-plaintext", "pass streams that are not raw and encrypted")  //
      ("expect-toguid", po::value<std::string>()->value_name("GUID"),     //
       "pass only a stream that brings this snapshot")                    //
      ("expect-fromguid", po::value<std::string>()->value_name("GUID"),   //
       "pass only a stream that starts from this snapshot (0: full)")     //
      ("expect-name", po::value<std::string>()->value_name("GLOB"),       //
       "pass only snapshots whose pool/dataset@name matches")             //
      ("max-size", po::value<std::string>()->value_name("SIZE"),          //
       "stop a stream that is longer")                                    //
      ("single-dataset", "refuse streams of several datasets")            //
      ("no-properties", "refuse streams that carry properties or holds");
}

}  // namespace zsluice::cli
