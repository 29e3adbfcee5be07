// A certificate authority for tests: a CA and a certificate for loopback names that it signed.
//
// For `thalweg exchange --tls` and for clients that verify it. The CA's key is not kept, so nothing
// else can ever be signed by it. Threads: pure but for the files.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thalweg {

struct TestAuthority {
  std::string ca_path;           // What a client trusts: <folder>/ca.pem
  std::string certificate_path;  // <folder>/server.pem: localhost, 127.0.0.1, ::1
  std::string key_path;          // <folder>/server.key, readable by its owner alone
};

// Makes the folder if need be, and the three files in it, which must not exist. Valid from a day
// ago for ten years. Unavailable with path and reason.
[[nodiscard]] absl::StatusOr<TestAuthority> MakeTestAuthority(const std::string& folder);

}  // namespace thalweg
