// RunLog is the program's own account of a run, one JSON object per line, written without asking
// the SDK for anything but ids. A line has the fields of a row of Langfuse's public API, so that
// one reader reads both. rag_readback compares the log with what arrived at the server. One thread.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

#include "samples/rag_pipeline/records.h"

namespace rag {

class RunLog {
 public:
  /// An empty `file` keeps no log. Throws std::runtime_error when the file cannot be written.
  explicit RunLog(const std::string& file);

  void write(const ObservationRecord& observation);
  void write(const ScoreRecord& score);
  /// Writes the last line, with the counts, by which a reader knows that the log is whole. False
  /// when something could not be written.
  bool finish();

  std::size_t observations() const noexcept { return observations_; }
  std::size_t scores() const noexcept { return scores_; }

 private:
  void write_line(const std::string& line);

  std::string file_;
  std::ofstream stream_;
  std::size_t observations_ = 0;
  std::size_t scores_ = 0;
};

}  // namespace rag
