#include "samples/rag_pipeline/questions.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "samples/rag_pipeline/text.h"

namespace rag {
namespace {

constexpr int kPipeMilliseconds = 1000;

// A pipe that a parent process left open and never writes to must not make the program wait for
// ever.
bool has_piped_input() {
  struct stat status {};
  if (fstat(STDIN_FILENO, &status) != 0) return false;
  if (S_ISREG(status.st_mode)) return true;
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return false;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, kPipeMilliseconds) > 0;
}

void add_question(const std::string& text, std::vector<std::string>& questions) {
  std::string question = squeeze(clean_text(text));
  if (!question.empty()) questions.push_back(std::move(question));
}

void add_lines(std::vector<std::string>& questions) {
  std::string line;
  while (std::getline(std::cin, line)) add_question(line, questions);
}

}  // namespace

std::vector<std::string> read_questions(const std::vector<std::string>& arguments) {
  std::vector<std::string> questions;
  for (const std::string& argument : arguments) {
    if (argument == "-") {
      add_lines(questions);
    } else {
      add_question(argument, questions);
    }
  }
  if (!arguments.empty()) return questions;
  if (has_piped_input()) add_lines(questions);
  if (!questions.empty()) return questions;
  return {"What does OBSERVE record?", "What does flush return when something was dropped?",
          "What happens when the queue is full?", "Which scores can be sent to Langfuse?"};
}

}  // namespace rag
