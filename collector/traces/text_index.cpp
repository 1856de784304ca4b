#include "collector/traces/text_index.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>

#include "collector/iso_time.h"
#include "collector/row_sql.h"
#include "collector/traces/node.h"
#include "collector/traces/node_content.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kBatch = 100;
constexpr std::size_t kMostBytes = std::size_t{256} * 1024;  // of a node's words
constexpr std::chrono::milliseconds kPause(250);             // between batches, while others write

// From a quote to behind its partner.
std::size_t literal_size(std::string_view json, std::size_t at) {
  std::size_t end = at + 1;
  while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
  return std::min(end + 1, json.size()) - at;
}

std::string words_of(const Node& node, const NodeContent& content) {
  std::string words = node.name.value_or("");
  if (node.status_message) words += ' ' + *node.status_message;
  for (const std::optional<std::string>* part :
       {&content.input, &content.output, &content.metadata, &content.error, &content.attributes,
        &content.events}) {
    if (!*part || words.size() > kMostBytes) continue;
    words += ' ';
    append_words(words, std::string_view(**part).substr(0, kMostBytes));
  }
  return words;
}

std::int64_t indexed_row(SqliteDatabase& connection) {
  SqliteStatement statement(connection, "SELECT indexed_row FROM text_index_state");
  std::int64_t row = 0;
  if (statement.step()) statement.read(0, row);
  return row;
}

}  // namespace

void append_words(std::string& words, std::string_view json) {
  std::size_t at = 0;
  while (at < json.size()) {
    const std::size_t quote = std::min(json.find('"', at), json.size());
    words.append(json.substr(at, quote - at));
    if (quote == json.size()) return;
    const std::size_t size = literal_size(json, quote);
    const std::string_view literal = json.substr(quote, size);
    if (literal.size() < 2 || literal.back() != '"') return;  // cut in the middle
    words += unescape_json_string(literal);
    at = quote + size;
  }
}

TextIndex::TextIndex(Database& database) : database_(database), thread_([this] { work(); }) {}

TextIndex::~TextIndex() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void TextIndex::poke() {
  {
    const std::lock_guard lock(mutex_);
    has_news_ = true;
  }
  changed_.notify_all();
}

void TextIndex::renew() {
  database_.write([this] {
    database_.connection().execute(
        "INSERT INTO node_text (node_text) VALUES ('delete-all');"
        "UPDATE text_index_state SET indexed_row = (SELECT COALESCE(MIN(row) - 1, indexed_row) "
        "FROM nodes)");
    return true;
  });
  poke();
}

void TextIndex::work() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    changed_.wait(lock, [this] { return is_stopped_ || has_news_; });
    if (is_stopped_) return;
    has_news_ = false;
    lock.unlock();
    const std::uint64_t commits = database_.commit_count();
    const std::size_t count = index_some();
    const bool others_write = database_.commit_count() > commits + 1;
    lock.lock();
    if (count > 0) has_news_ = true;  // there may be more
    if (others_write) changed_.wait_for(lock, kPause, [this] { return is_stopped_; });
  }
}

// A database that refuses (a full disk) is tried again with the next news.
std::size_t TextIndex::index_some() {
  try {
    const Documents documents = read_some();
    if (!documents.words.empty()) write(documents);
    return documents.words.size();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace-collector: text search falls behind: %s\n", error.what());
    return 0;
  }
}

TextIndex::Documents TextIndex::read_some() {
  return database_.snapshot([](SqliteDatabase& connection) {
    Documents documents{.begin = indexed_row(connection)};
    RowFilter filter;
    filter.at_least("row", documents.begin + 1);
    for (const Node& node :
         read_rows<Node>(connection, filter, " ORDER BY row", {.limit = kBatch})) {
      documents.words.emplace_back(node.row, words_of(node, read_content(connection, node)));
    }
    return documents;
  });
}

void TextIndex::write(const Documents& documents) {
  database_.write([&] {
    if (indexed_row(database_.connection()) != documents.begin) return true;  // renewed meanwhile
    SqliteStatement insert(database_.connection(),
                           "INSERT INTO node_text (rowid, text) VALUES (?, ?)");
    for (const auto& [row, words] : documents.words) {
      const StatementReset reset(insert);
      insert.bind(1, row);
      insert.bind(2, std::string_view(words));
      insert.step();
    }
    SqliteStatement remember(database_.connection(), "UPDATE text_index_state SET indexed_row = ?");
    remember.bind(1, documents.words.back().first);
    remember.step();
    return true;
  });
}

TextIndex::State TextIndex::state(SqliteDatabase& connection) {
  const std::int64_t row = indexed_row(connection);
  State state;
  SqliteStatement pending(connection, "SELECT COUNT(*), MIN(stored_us) FROM nodes WHERE row > ?");
  pending.bind(1, row);
  std::optional<std::int64_t> oldest_us;
  if (pending.step()) {
    pending.read(0, state.pending);
    pending.read(1, oldest_us);
  }
  if (oldest_us) state.lag_ms = static_cast<double>(now_us() - *oldest_us) / 1000;
  RowFilter all;
  state.indexed = count_rows(connection, Node::kTable, all) - state.pending;
  return state;
}

}  // namespace llmtrace::collector
