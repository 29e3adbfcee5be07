#include "tests/fuzz/feeds/decode/json_mutator.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <random>
#include <utility>
#include <vector>

namespace thalweg::fuzz {
namespace {

// What the exchange sends today, sent once, or may be mistaken for it.
constexpr std::array<std::string_view, 48> kKeys{
    "e",    "E",    "T",  "s",       "ps",     "st",    "U",
    "u",    "pu",   "b",  "a",       "B",      "A",     "p",
    "q",    "t",    "m",  "M",       "X",      "f",     "l",
    "nq",   "k",    "i",  "L",       "o",      "h",     "c",
    "v",    "n",    "x",  "Q",       "V",      "rev",   "pU",
    "",     "1",    "ss", "\xC3",    "stream", "data",  "lastUpdateId",
    "bids", "asks", "uu", "\\u0075", "id",     "result"};

constexpr std::array<std::string_view, 58> kValues{
    "0",
    "1",
    "-1",
    "-0",
    "00",
    "1.5",
    "1e400",
    "1E-5",
    "NaN",
    "null",
    "true",
    "false",
    "2",
    "2147483648",
    "999999999999999",
    "1000000000000000",
    "9223372036854",
    "9223372036854775",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "123456789012345678",
    "123456789012345678901234567890",
    "\"\"",
    "\"0\"",
    "\"1.\"",
    "\".5\"",
    "\"-1\"",
    "\"+1\"",
    "\"00.10\"",
    "\"0.00000000\"",
    "\"0.00000001\"",
    "\"0.000000001\"",
    "\"1.0000000\"",
    "\"12345678.12345678\"",
    "\"99999999.99999999\"",
    "\"9999999.5\"",
    "\"10000000.5\"",
    "\"1234567890123456.5\"",
    "\"11529215046.06846976\"",
    "\"11529215046.06846977\"",
    "\"92233720368.54775807\"",
    "\"92233720368.54775808\"",
    "\"92233720368547758.07\"",
    "\"9223372036854775807\"",
    "\"99999999999999999999999999\"",
    "\"1,5\"",
    "\"1:5\"",
    "\"1.5.5\"",
    "\"BTCUSDT\"",
    "\"btcusdt\"",
    "\"MARKET\"",
    "[]",
    "{}",
    "[[]]",
    "[[\"1.5\",\"2.5\"]]",
    "[[\"61737.63000000\",\"0.00000000\"],[\"61737.62000000\",\"1.50000000\"]]",
    "[\"1\",\"2\"]"};

// A JSON value, its numbers and strings as they are written.
struct Node {
  enum class Kind : std::uint8_t { kText, kArray, kObject };
  Kind kind = Kind::kText;
  std::string text;               // kText: the whole of it, with its quotes.
  std::vector<std::string> keys;  // kObject: one a child, without quotes, escapes as they are.
  std::vector<Node> children;

  [[nodiscard]] bool holds_children() const { return kind != Kind::kText; }
};

Node TextNode(std::string_view text) { return Node{Node::Kind::kText, std::string(text), {}, {}}; }

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Reads what has a structure; everything between is text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // The whole text, and nothing after it but what the writer adds again.
  std::optional<Node> ReadAll(std::string* tail) {
    std::optional<Node> node = ReadNode(0);
    if (!node || !node->holds_children()) return std::nullopt;
    *tail = std::string(text_.substr(at_));
    return node;
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  bool Take(char wanted) {
    SkipBlanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  std::optional<std::string_view> ReadString() {
    if (!Take('"')) return std::nullopt;
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return std::nullopt;
    return text_.substr(start, at_++ - start);
  }

  std::optional<Node> ReadNode(std::size_t depth) {
    SkipBlanks();
    if (at_ == text_.size() || depth > kNestingMax) return std::nullopt;
    const char first = text_[at_];
    if (first == '{' || first == '[') return ReadChildren(first, depth);
    const std::size_t start = at_;
    if (first == '"') {
      if (!ReadString()) return std::nullopt;
    } else {
      at_ = std::min(text_.find_first_of(",]}", at_), text_.size());
      if (at_ == start) return std::nullopt;
    }
    return TextNode(text_.substr(start, at_ - start));
  }

  std::optional<Node> ReadChildren(char open, std::size_t depth) {
    Node node;
    node.kind = open == '{' ? Node::Kind::kObject : Node::Kind::kArray;
    const char close = open == '{' ? '}' : ']';
    ++at_;
    if (Take(close)) return node;
    do {
      if (open == '{') {
        const auto key = ReadString();
        if (!key || !Take(':')) return std::nullopt;
        node.keys.emplace_back(*key);
      }
      std::optional<Node> child = ReadNode(depth + 1);
      if (!child) return std::nullopt;
      node.children.push_back(*std::move(child));
    } while (Take(','));
    if (!Take(close)) return std::nullopt;
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Mutation {
 public:
  explicit Mutation(std::uint32_t seed) : random_(seed) {}

  std::string Run(Node root, std::string_view tail) {
    for (std::size_t i = 0, changes = 1 + Roll(3); i < changes; ++i) Change(&root);
    if (OneIn(8)) blanks_ = true;
    std::string text;
    Write(root, &text);
    text += tail;
    if (OneIn(24)) text += kTails[Roll(kTails.size())];
    if (OneIn(24)) text.resize(Roll(text.size() + 1));
    return text;
  }

 private:
  static constexpr std::array<std::string_view, 6> kTails{"}", " ", "{}", ",", "\"", "]"};

  std::size_t Roll(std::size_t count) { return random_() % count; }
  bool OneIn(std::size_t count) { return Roll(count) == 0; }

  // One change somewhere in the tree.
  void Change(Node* root) {
    std::vector<Node*> parents;
    std::vector<Node*> texts;
    Collect(root, &parents, &texts);
    if (parents.empty()) return;
    if (!texts.empty() && OneIn(2)) return ChangeText(texts[Roll(texts.size())]);
    Node* const parent = parents[Roll(parents.size())];
    if (parent->kind == Node::Kind::kObject && OneIn(2)) return ChangeKey(parent);
    if (OneIn(6)) return ChangeLevels(parents);
    ChangeChildren(parent);
  }

  static void Collect(Node* node, std::vector<Node*>* parents, std::vector<Node*>* texts) {
    if (!node->holds_children()) return texts->push_back(node);
    parents->push_back(node);
    for (Node& child : node->children) Collect(&child, parents, texts);
  }

  std::string SomeKey() {
    if (!OneIn(8)) return std::string(kKeys[Roll(kKeys.size())]);
    std::string key;
    for (std::size_t i = 0, size = Roll(4); i < size; ++i) {
      key += static_cast<char>('A' + static_cast<int>(Roll(58)));
    }
    std::replace(key.begin(), key.end(), '\\', '_');
    return key;
  }

  Node SomeValue() { return TextNode(kValues[Roll(kValues.size())]); }

  void Insert(Node* parent, std::size_t at, Node child) {
    const auto place = static_cast<std::ptrdiff_t>(at);
    if (parent->kind == Node::Kind::kObject) {
      parent->keys.insert(parent->keys.begin() + place, SomeKey());
    }
    parent->children.insert(parent->children.begin() + place, std::move(child));
  }

  void Erase(Node* parent, std::size_t at) {
    const auto place = static_cast<std::ptrdiff_t>(at);
    if (parent->kind == Node::Kind::kObject) parent->keys.erase(parent->keys.begin() + place);
    parent->children.erase(parent->children.begin() + place);
  }

  static void Swap(Node* parent, std::size_t a, std::size_t b) {
    if (a == b) return;
    if (parent->kind == Node::Kind::kObject) std::swap(parent->keys[a], parent->keys[b]);
    std::swap(parent->children[a], parent->children[b]);
  }

  void ChangeKey(Node* parent) {
    if (parent->keys.empty()) return Insert(parent, 0, SomeValue());
    const std::size_t at = Roll(parent->keys.size());
    std::string& key = parent->keys[at];
    switch (Roll(5)) {
      case 0:  // Another name.
        key = SomeKey();
        return;
      case 1:  // The same, escaped.
        key = key.empty() ? "\\u0000" : "\\u00" + Hex(key.front()) + key.substr(1);
        return;
      case 2:  // The same name twice, the same value or another one.
        Insert(parent, Roll(parent->keys.size() + 1),
               OneIn(2) ? parent->children[at] : SomeValue());
        // The insertion may have moved it; any name that is there will do.
        parent->keys[Roll(parent->keys.size())] = parent->keys[Roll(parent->keys.size())];
        return;
      case 3: {  // The same letters in the other case.
        for (char& c : key)
          c = static_cast<char>(std::isalpha(static_cast<unsigned char>(c)) != 0 ? c ^ 0x20 : c);
        return;
      }
      default:
        key += key.empty() ? 'u' : key.front();
    }
  }

  static std::string Hex(char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return {kDigits[byte >> 4], kDigits[byte & 15]};
  }

  void ChangeChildren(Node* parent) {
    const std::size_t count = parent->children.size();
    if (count == 0) return Insert(parent, 0, SomeValue());
    const std::size_t at = Roll(count);
    switch (Roll(7)) {
      case 0:
        return Insert(parent, Roll(count + 1), SomeValue());
      case 1:
        return Erase(parent, at);
      case 2:
        return Insert(parent, Roll(count + 1), Node(parent->children[at]));
      case 3:
        return Swap(parent, at, Roll(count));
      case 4:  // All of them in another order.
        for (std::size_t i = 0; i + 1 < count; ++i) Swap(parent, i, i + Roll(count - i));
        return;
      case 5: {  // Deeper, by one or by many.
        Node* const child = &parent->children[at];
        for (std::size_t i = 0, levels = OneIn(8) ? kNestingMax / 2 : 1; i < levels; ++i) {
          Node outer;
          outer.kind = OneIn(4) ? Node::Kind::kObject : Node::Kind::kArray;
          if (outer.kind == Node::Kind::kObject) outer.keys.push_back(SomeKey());
          outer.children.push_back(std::move(*child));
          *child = std::move(outer);
        }
        return;
      }
      default:
        parent->children[at] = SomeValue();
    }
  }

  // An array of arrays is a side of a book.
  void ChangeLevels(const std::vector<Node*>& parents) {
    std::vector<Node*> sides;
    for (Node* const node : parents) {
      const bool is_side = node->kind == Node::Kind::kArray && !node->children.empty() &&
                           node->children.front().kind == Node::Kind::kArray;
      if (is_side) sides.push_back(node);
    }
    if (sides.empty()) return;
    Node* const side = sides[Roll(sides.size())];
    Node level = side->children[Roll(side->children.size())];
    switch (Roll(5)) {
      case 0:  // Many more of them: past every width that vectors have.
        for (std::size_t i = 0, more = 1 + Roll(40); i < more; ++i) side->children.push_back(level);
        return;
      case 1: {  // A third element, as before 2019.
        Node& longer = side->children[Roll(side->children.size())];
        if (!longer.holds_children()) return;
        Insert(&longer, longer.children.size(), OneIn(2) ? SomeValue() : std::move(level));
        return;
      }
      case 2:
        std::reverse(side->children.begin(), side->children.end());
        return;
      case 3: {  // The same numbers of decimals everywhere, or not.
        for (Node& child : level.children) ChangeText(&child);
        side->children.insert(
            side->children.begin() + static_cast<std::ptrdiff_t>(Roll(side->children.size() + 1)),
            std::move(level));
        return;
      }
      default:
        side->children.resize(Roll(side->children.size() + 1));
    }
  }

  // A number or a string becomes another one, mostly one that looks like it.
  void ChangeText(Node* node) {
    std::string& text = node->text;
    if (text.empty() || OneIn(4)) {
      *node = SomeValue();
      return;
    }
    const bool quoted = text.size() >= 2 && text.front() == '"';
    const std::size_t inside = quoted ? 1 : 0;
    const std::size_t at = inside + Roll(text.size() - inside);
    switch (Roll(9)) {
      case 0:
        text[at] = static_cast<char>('0' + static_cast<int>(Roll(10)));
        return;
      case 1:
        text.insert(at, 1 + Roll(OneIn(8) ? 24 : 2),
                    static_cast<char>('0' + static_cast<int>(Roll(10))));
        return;
      case 2:
        text.erase(at, 1);
        return;
      case 3: {  // The dot goes elsewhere.
        const std::size_t dot = text.find('.');
        if (dot != std::string::npos) text.erase(dot, 1);
        text.insert(std::min(at, text.size()), 1, '.');
        return;
      }
      case 4:  // With quotes it is a string, without them a number.
        text = quoted ? text.substr(1, text.size() - 2) : "\"" + text + "\"";
        return;
      case 5:
        text.insert(inside, 1, "-+0 "[Roll(4)]);
        return;
      case 6:
        text.insert(at, OneIn(2) ? "\\u0030" : "\\\"");
        return;
      case 7:  // Other decimals.
        text.insert(text.size() - inside, text.find('.') == std::string::npos ? ".5" : "0");
        return;
      default:
        text.insert(at, 1, static_cast<char>(Roll(256)));
    }
  }

  void WriteBlanks(std::string* text) {
    if (!blanks_ || !OneIn(4)) return;
    for (std::size_t i = 0, count = 1 + Roll(3); i < count; ++i) *text += " \t\n\r"[Roll(4)];
  }

  void Write(const Node& node, std::string* text) {
    WriteBlanks(text);
    if (!node.holds_children()) {
      *text += node.text;
      return WriteBlanks(text);
    }
    const bool object = node.kind == Node::Kind::kObject;
    *text += object ? '{' : '[';
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i != 0) *text += ',';
      WriteBlanks(text);
      if (object) text->append("\"").append(node.keys[i]).append("\"");
      WriteBlanks(text);
      if (object) *text += ':';
      Write(node.children[i], text);
    }
    WriteBlanks(text);
    *text += object ? '}' : ']';
    WriteBlanks(text);
  }

  std::minstd_rand random_;
  bool blanks_ = false;
};

}  // namespace

std::optional<std::string> MutateJson(std::string_view text, std::uint32_t seed) {
  std::string tail;
  std::optional<Node> root = Reader(text).ReadAll(&tail);
  if (!root) return std::nullopt;
  return Mutation(seed).Run(*std::move(root), tail);
}

}  // namespace thalweg::fuzz
