// As much of JSON as model.onnx.meta.json and golden.json need. Throws std::runtime_error where it is none.
#pragma once

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

struct Json {
  enum Kind { null, boolean, number, text, list, object } kind = null;
  double value = 0;
  std::string words;
  std::vector<Json> items;
  std::map<std::string, Json> members;

  const Json& operator[](const std::string& key) const {
    auto found = members.find(key);
    if (found == members.end()) throw std::runtime_error("JSON has no key " + key);
    return found->second;
  }
  const Json& operator[](size_t place) const { return items.at(place); }
  operator double() const {
    if (kind != number && kind != boolean) throw std::runtime_error("JSON has something else where a number is due");
    return value;
  }
  std::vector<double> numbers() const { return {items.begin(), items.end()}; }
};

class JsonReader {
 public:
  static Json read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + " cannot be read");
    JsonReader reader({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
    Json found = reader.any();
    if (reader.peek() != 0) throw std::runtime_error(path + " goes on after its JSON");
    return found;
  }

 private:
  explicit JsonReader(std::string text) : text_(std::move(text)) {}

  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : 0;
  }
  void expect(char wanted) {
    if (peek() != wanted) throw std::runtime_error("JSON lacks " + std::string(1, wanted));
    ++at_;
  }
  bool skip(char wanted) { return peek() == wanted ? (++at_, true) : false; }
  bool word(const std::string& wanted) {
    return text_.compare(at_, wanted.size(), wanted) == 0 ? (at_ += wanted.size(), true) : false;
  }

  Json any() {
    Json found;
    const char next = peek();
    if (next == '{') {
      found.kind = Json::object;
      expect('{');
      while (!skip('}')) {
        Json key = string();
        expect(':');
        found.members[key.words] = any();
        if (!skip(',') && peek() != '}') throw std::runtime_error("JSON lacks a comma");
      }
    } else if (next == '[') {
      found.kind = Json::list;
      expect('[');
      while (!skip(']')) {
        found.items.push_back(any());
        if (!skip(',') && peek() != ']') throw std::runtime_error("JSON lacks a comma");
      }
    } else if (next == '"') {
      found = string();
    } else if (word("null")) {
      found.kind = Json::null;
    } else if (word("true") || word("false")) {
      found.kind = Json::boolean;
      found.value = text_[at_ - 2] == 'u';  // tr(u)e
    } else {
      found.kind = Json::number;
      char* end = nullptr;
      found.value = std::strtod(text_.c_str() + at_, &end);
      if (end == text_.c_str() + at_) throw std::runtime_error("JSON has no value where one is due");
      at_ = end - text_.c_str();
    }
    return found;
  }

  Json string() {
    expect('"');
    Json found;
    found.kind = Json::text;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') ++at_;  // names are not escaped in these files but for quotes and backslashes
      found.words += text_[at_++];
    }
    expect('"');
    return found;
  }

  std::string text_;
  size_t at_ = 0;
};
