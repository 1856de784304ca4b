// Where the questions come from: the command line, standard input, or a few about this project.
#pragma once

#include <string>
#include <vector>

namespace rag {

/// The arguments, if there are any; "-" stands for the lines of standard input. Without arguments
/// the lines of standard input are taken when it is a file or a pipe in which something arrives
/// within a second; else the default questions.
std::vector<std::string> read_questions(const std::vector<std::string>& arguments);

}  // namespace rag
