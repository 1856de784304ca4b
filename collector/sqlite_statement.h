// SqliteStatement is one prepared statement. Values reach SQL only through `bind`. Every error is a
// StoreError.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "collector/sqlite_database.h"

struct sqlite3_stmt;

namespace llmtrace::collector {

struct Blob {
  std::string bytes{};
};

class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, std::string_view sql);

  /// Parameters count from 1. Text is referred to, not copied, until `reset`.
  void bind(int index, std::string_view text);
  void bind(int index, std::int64_t integer);
  void bind(int index, double number);
  void bind(int index, bool boolean) { bind(index, std::int64_t{boolean ? 1 : 0}); }
  void bind_null(int index);
  /// Bytes that are no text.
  void bind(int index, const Blob& blob);
  template <class Value>
  void bind(int index, const std::optional<Value>& value) {
    value ? bind(index, *value) : bind_null(index);
  }

  /// True when there is a row to read.
  bool step();
  /// Ready to be bound and stepped again.
  void reset() noexcept;

  /// Columns count from 0.
  void read(int column, std::string& text) const;
  void read(int column, std::int64_t& integer) const;
  void read(int column, double& number) const;
  void read(int column, bool& boolean) const;
  void read(int column, Blob& blob) const { read(column, blob.bytes); }
  template <class Value>
  void read(int column, std::optional<Value>& value) const {
    if (is_null(column)) return value.reset();
    read(column, value.emplace());
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  bool is_null(int column) const;
  void check(int code) const;

  SqliteDatabase& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement at the end of the scope, also when a step threw.
class StatementReset {
 public:
  explicit StatementReset(SqliteStatement& statement) noexcept : statement_(statement) {}
  ~StatementReset() { statement_.reset(); }
  StatementReset(const StatementReset&) = delete;
  StatementReset& operator=(const StatementReset&) = delete;

 private:
  SqliteStatement& statement_;
};

}  // namespace llmtrace::collector
