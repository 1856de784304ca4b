// W3C Baggage, case by case: the cases of its own test suite and the rules of its text.
#include "common/src/baggage.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace llmtrace::tests {
namespace {

using Items = std::vector<std::pair<std::string, std::string>>;

struct BaggageCase {
  const char* what;
  std::string header;
  Items items;
};

std::vector<BaggageCase> baggage_cases() {
  const Items two = {{"SomeKey", "SomeValue"}, {"SomeKey2", "SomeValue2"}};
  return {
      {"one member", "SomeKey=SomeValue", {{"SomeKey", "SomeValue"}}},
      {"two members", "SomeKey=SomeValue,SomeKey2=SomeValue2", two},
      {"blanks around", "SomeKey \t = \t SomeValue \t , \t SomeKey2 \t = \t SomeValue2 \t ", two},
      {"properties", "SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal", two},
      {"properties with blanks",
       "SomeKey \t = \t SomeValue \t ; \t SomeProp \t , \t SomeKey2 \t = \t SomeValue2 \t ; \t "
       "ValueProp \t = \t PropVal",
       two},
      {"several properties",
       "SomeKey=SomeValue;SomeProp;SecondProp=PropValue",
       {{"SomeKey", "SomeValue"}}},
      {"equals signs in a value", "SomeKey=SomeValue=equals", {{"SomeKey", "SomeValue=equals"}}},
      {"percent encoding",
       "SomeKey=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29",
       {{"SomeKey", "\t \"';=asdf!@#$%^&*()"}}},
      {"percent encoding in lower case", "k=%c3%a4", {{"k", "\xC3\xA4"}}},
      {"every octet of a value",
       "k=!#$%25&'()*+-./09:<=>?@AZ[]^_`az{|}~",
       {{"k", "!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~"}}},
      {"every character of a key", "!#$&'*+-.^_`|~09azAZ=1", {{"!#$&'*+-.^_`|~09azAZ", "1"}}},
      {"no UTF-8 behind the percent signs",
       "k=a%C3%28b%FF",
       {{"k", "a\xEF\xBF\xBD(b\xEF\xBF\xBD"}}},
      {"a surrogate", "k=%ED%A0%80", {{"k", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}}},
      {"percent signs that encode nothing",
       "a=100%,b=%zz,c=%4",
       {{"a", "100%"}, {"b", "%zz"}, {"c", "%4"}}},
      {"a plus is no blank", "k=a+b", {{"k", "a+b"}}},
      {"an empty value", "k=", {{"k", ""}}},
      {"the same key twice", "a=1,a=2", {{"a", "1"}, {"a", "2"}}},
      {"empty members", ",a=1,,b=2,", {{"a", "1"}, {"b", "2"}}},
      {"no key", "=3,a=1", {{"a", "1"}}},
      {"no equals sign", "c,a=1", {{"a", "1"}}},
      {"a blank in a key", "d e=4,a=1", {{"a", "1"}}},
      {"an equals sign in a property alone", "c;p=1,a=1", {{"a", "1"}}},
      {"a blank in a value", "b=x y,a=1", {{"a", "1"}}},
      {"a quote in a value", "b=\"x\",a=1", {{"a", "1"}}},
      {"a backslash in a value", "b=x\\y,a=1", {{"a", "1"}}},
      {"a control character in a value", "b=x\x01,a=1", {{"a", "1"}}},
      {"bytes above ASCII in a value", "b=\xC3\xA4,a=1", {{"a", "1"}}},
  };
}

TEST(BaggageText, IsReadAsW3CSays) {
  for (const BaggageCase& each : baggage_cases()) {
    Baggage baggage;
    baggage.parse(each.header);
    EXPECT_EQ(baggage.items(), each.items) << each.what;
  }
}

TEST(BaggageText, TheFirstOfAKeyIsFound) {
  Baggage baggage;
  baggage.parse("a=1,a=2");
  EXPECT_EQ(baggage.find("a"), "1");
  EXPECT_EQ(baggage.find("b"), "");
}

TEST(BaggageText, SeveralHeadersAreOneList) {
  Baggage baggage;
  baggage.parse("a=1");
  baggage.parse("b=2,c=3");
  EXPECT_EQ(baggage.items(), (Items{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST(BaggageText, IsPercentEncodedBothWays) {
  Baggage written;
  written.add("k", "a b,c=d;e%\xC3\xA4\r\n");
  EXPECT_EQ(written.text(), "k=a%20b%2Cc%3Dd%3Be%25%C3%A4%0D%0A");
  Baggage read;
  read.parse(written.text());
  EXPECT_EQ(read.find("k"), "a b,c=d;e%\xC3\xA4\r\n");
}

TEST(BaggageText, OfWhatIsReadNoMemberIsCutInTwo) {
  Baggage many;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "k" + std::to_string(i) + "=v,";
  many.parse(text);
  EXPECT_EQ(many.items().size(), 64U);
  Baggage large;
  large.parse("a=1,b=" + std::string(9'000, 'x'));
  EXPECT_EQ(large.items(), (Items{{"a", "1"}}));
  Baggage alone;
  alone.parse("b=" + std::string(9'000, 'x'));
  EXPECT_TRUE(alone.items().empty());
  Baggage full;
  full.parse("a=" + std::string(8'190, 'x') + ",b=2");
  ASSERT_EQ(full.items().size(), 1U);
  EXPECT_EQ(full.items().front().second.size(), 8'190U);
  full.parse("c=3");
  EXPECT_EQ(full.items().size(), 1U) << "of all headers together";
}

TEST(BaggageText, NoneIsWrittenThatSomebodyMayCut) {
  Baggage full;
  full.add("a", std::string(8'190, 'x'));
  EXPECT_EQ(full.text().size(), 8'192U);
  full.add("b", "1");
  EXPECT_EQ(full.text().size(), 8'192U);
  Baggage large;
  large.add("large", std::string(9'000, 'x'));
  EXPECT_EQ(large.text(), "");
  large.add("a", "1");
  EXPECT_EQ(large.text(), "a=1");
  Baggage many;
  for (int i = 0; i < 100; ++i) many.add("k" + std::to_string(i), "v");
  const std::string text = many.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), ','), 63);
  EXPECT_TRUE(text.ends_with("k63=v"));
}

}  // namespace
}  // namespace llmtrace::tests
