// R20: a server that cannot prove who it is gets no byte of a request. The servers are those of
// OpenSSL's command line, with certificates made here.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/src/curl_http_client.h"
#include "tests/support/exec_list.h"

namespace llmtrace::tests {
namespace {

constexpr char kCanary[] = "canary-body-of-the-request";
constexpr long kDay = 24 * 3600;

struct CertificateDeleter {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(FILE* file) const noexcept { std::fclose(file); }
};

/// Writes a self-signed certificate and its key into one PEM file.
void make_certificate(const std::string& path, const std::string& host, long from, long until) {
  const std::unique_ptr<EVP_PKEY, CertificateDeleter> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, CertificateDeleter> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1,
                             0);  // NOLINT
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* const alternative =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + host).c_str());
  X509_add_ext(certificate.get(), alternative, -1);
  X509_EXTENSION_free(alternative);
  ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  const std::unique_ptr<FILE, CertificateDeleter> file(std::fopen(path.c_str(), "w"));
  ASSERT_TRUE(file);
  PEM_write_X509(file.get(), certificate.get());
  PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

/// `openssl s_server`: prints what it receives.
class TlsServer {
 public:
  TlsServer(const std::string& certificate, std::vector<std::string> options) {
    std::array<int, 2> output{};
    std::array<int, 2> input{};
    if (::pipe2(output.data(), O_CLOEXEC) != 0 || ::pipe2(input.data(), O_CLOEXEC) != 0) return;
    std::vector<std::string> words = {"openssl", "s_server",  "-accept", "127.0.0.1:0",
                                      "-cert",   certificate, "-key",    certificate};
    words.insert(words.end(), options.begin(), options.end());
    const std::vector<char*> arguments = exec_list(words);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(input[0], 0);  // it ends when its input does
      ::dup2(output[1], 1);
      ::execvp("openssl", arguments.data());
      ::_exit(127);
    }
    ::close(output[1]);
    ::close(input[0]);
    output_ = output[0];
    input_ = input[1];
    while (received_.find("ACCEPT 127.0.0.1:") == std::string::npos && read_more()) {
    }
    const std::size_t at = received_.find("ACCEPT 127.0.0.1:");
    if (at == std::string::npos) return;
    while (received_.find('\n', at) == std::string::npos && read_more()) {
    }
    port_ = std::stoi(received_.substr(at + 17));
  }
  ~TlsServer() { stop(); }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  int port() const noexcept { return port_; }
  /// Ends it, and returns all that it said.
  std::string stop() {
    if (child_ <= 0) return received_;
    ::kill(child_, SIGTERM);
    while (read_more()) {
    }
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
    ::close(output_);
    ::close(input_);
    return received_;
  }

 private:
  bool read_more() {
    std::array<char, 4096> block{};
    const ssize_t count = ::read(output_, block.data(), block.size());
    if (count <= 0) return false;
    received_.append(block.data(), static_cast<std::size_t>(count));
    return true;
  }

  pid_t child_ = -1;
  int output_ = -1;
  int input_ = -1;
  int port_ = 0;
  std::string received_;
};

class Tls : public ::testing::Test {
 protected:
  Tls() : directory_(::testing::TempDir() + "llmtrace-tls-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~Tls() override { std::filesystem::remove_all(directory_); }

  std::string certificate(const std::string& name, const std::string& host, long from, long until) {
    const std::string path = directory_ + "/" + name + ".pem";
    make_certificate(path, host, from, until);
    return path;
  }
  // Sends a request with a canary in it; the server's own words, and what the client made of it.
  std::pair<std::string, HttpReply> send(const std::string& server_certificate,
                                         const std::string& trusted,
                                         std::vector<std::string> options = {},
                                         const std::string& own_certificate = "") {
    TlsServer server(server_certificate, std::move(options));
    EXPECT_NE(server.port(), 0) << server.stop();
    HttpRequest request;
    request.url = "https://localhost:" + std::to_string(server.port()) + "/traces";
    request.headers = {{"Authorization", kCanary}};
    request.body = kCanary;
    request.timeout = std::chrono::seconds(2);
    request.proxy = "";
    request.ca_file = trusted;
    request.client_certificate = own_certificate;
    request.client_key = own_certificate;
    HttpReply reply = make_curl_http_client()->fetch(request);
    return {server.stop(), std::move(reply)};
  }
  void expect_refused(const std::pair<std::string, HttpReply>& result) {
    EXPECT_EQ(result.first.find("canary"), std::string::npos);
    EXPECT_FALSE(result.second.complete);
    EXPECT_FALSE(result.second.request_sent);
    EXPECT_FALSE(result.second.error.empty());
    EXPECT_EQ(result.second.error.find("canary"), std::string::npos) << result.second.error;
  }

 private:
  const std::string directory_;
};

// The other tests would prove nothing if a good certificate were refused too.
TEST_F(Tls, TrustsTheGivenAuthority) {
  const std::string good = certificate("good", "localhost", -kDay, kDay);

  EXPECT_NE(send(good, good).first.find(kCanary), std::string::npos);
}

TEST_F(Tls, ShowsItsCertificateToAServerThatAsks) {
  const std::string good = certificate("good", "localhost", -kDay, kDay);
  const std::string own = certificate("own", "client", -kDay, kDay);
  const std::vector<std::string> asks = {"-Verify", "1", "-verify_return_error", "-CAfile", own};

  EXPECT_NE(send(good, good, asks, own).first.find(kCanary), std::string::npos);
  EXPECT_EQ(send(good, good, asks).first.find(kCanary), std::string::npos) << "without one";
  EXPECT_FALSE(send(good, good, asks, "/no/such/file.pem").second.request_sent);
}

TEST_F(Tls, RefusesASelfSignedCertificate) {
  expect_refused(send(certificate("self", "localhost", -kDay, kDay), ""));
}

TEST_F(Tls, RefusesAnExpiredCertificate) {
  const std::string expired = certificate("expired", "localhost", -2 * kDay, -kDay);
  expect_refused(send(expired, expired));
}

TEST_F(Tls, RefusesACertificateOfAnotherHost) {
  const std::string other = certificate("other", "other.example.com", -kDay, kDay);
  expect_refused(send(other, other));
}

TEST_F(Tls, RefusesTls10And11) {
  const std::string good = certificate("good", "localhost", -kDay, kDay);
  for (const char* version : {"-tls1", "-tls1_1"}) {
    expect_refused(send(good, good, {version, "-cipher", "ALL:@SECLEVEL=0"}));
  }
}

TEST_F(Tls, RefusesWhenTheAuthoritiesCannotBeRead) {
  const std::string good = certificate("good", "localhost", -kDay, kDay);
  expect_refused(send(good, "/no/such/file.pem"));
}

}  // namespace
}  // namespace llmtrace::tests
