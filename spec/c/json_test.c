/* json_test: csrc/core/json.c must behave as lua-cjson 2.1.0 did when it was
 * given these texts. Every text is in a block of exactly its size, so that a
 * sanitizer detects a read behind its end. */
#include "harness.h"
#include "json.h"

enum slot {
  DELTA_CONTENT,
  DELTA_REASONING,
  FINISH_REASON,
  CHOICES,
  CONTENT,
  USAGE,
  N_SLOTS
};

#define KEY(name, slot, inside) {name, sizeof name - 1, 0, 0, slot, inside}
#define FIRST_OF(name, slot, inside) {name, sizeof name - 1, 1, 0, slot, inside}
#define END_OF_KEYS {NULL, 0, 0, 0, -1, NULL}

static const struct yj_json_key delta_keys[] = {
    KEY("content", DELTA_CONTENT, NULL),
    KEY("reasoning_content", DELTA_REASONING, NULL), END_OF_KEYS};

static const struct yj_json_key choice_keys[] = {
    KEY("delta", -1, delta_keys), KEY("finish_reason", FINISH_REASON, NULL),
    END_OF_KEYS};

static const struct yj_json_key chunk_keys[] = {
    FIRST_OF("choices", CHOICES, choice_keys), KEY("content", CONTENT, NULL),
    KEY("usage", USAGE, NULL), END_OF_KEYS};

static const char *const names_of[] = {"delta content", "delta reasoning",
                                       "finish reason", "choices", "content",
                                       "usage"};

struct text {
  const char *text;
  size_t len;
};

#define T(literal) {literal, sizeof literal - 1}
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Texts that cjson decodes. */
static const struct text whole[] = {
    T("{}"), T("[]"), T(" [ ] "), T("\t{\r}\n"), T("[[]]"), T("[{}]"),
    T("null"), T("true"), T("false"), T("\"\""), T("\"a\""), T("1"),
    T("[1,2]"), T("{\"a\":1}"), T("{ \"a\" : 1 , \"b\" : [ ] }"),
    T("{\"\":1}"), T("{\"a\":1,\"a\":2}"), T("[null,true,false]"),
    /* as strtod() reads them, if they begin like a number */
    T("0"), T("-0"), T("00"), T("01"), T("-01"), T("12345678901234567890"),
    T("1.5"), T("1."), T("1.e5"), T("-.5"), T("+.5"), T("+1"), T("1e5"),
    T("1E5"), T("1e+5"), T("1e-5"), T("1e5000"), T("0e0"), T("[+1,-2]"),
    T("0x1"), T("0X1F"), T("-0x1"), T("+0xaBcDeF"), T("0x.8"), T("0x1."),
    T("0x1p5"), T("0x1P-5"), T("0x1.8p+3"), T("0x1e5"),
    T("inf"), T("INF"), T("iNf"), T("-inf"), T("+inf"), T("infinity"),
    T("Infinity"), T("-INFINITY"), T("nan"), T("NaN"), T("-nan"), T("+nAn"),
    T("nan()"), T("nan(abc_123)"), T("-NAN(Z)"), T("[nan(1),inf]"),
    /* strings take all bytes but NUL */
    T("\"\x01\x1f\x7f\""), T("\"\t\n\r\""), T("\"\x80\xff\xc0\""),
    T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), T("\"\\u0000\""), T("\"\\uaBcD\""),
    T("\"\\ud800\\udc00\""), T("\"\\uDBFF\\uDFFF\""), T("\"\\ue000\""),
    /* half a surrogate pair, which cjson refuses */
    T("\"\\uDFff\""), T("\"\\ud800\""), T("\"\\ud800x\""),
    T("\"\\ud800\\n\""), T("\"\\ud800\\ud800\""), T("\"\\ud800\\ue000\""),
    T("\"'\""), T("\"long enough to be read eight at a time, twice\""),
    /* NUL behind a value ends the text */
    T("[1]\0"), T("[1]\0garbage"), T("[1] \0[2]"), T("1 \0x"), T("inf\0"),
    T("12\0"), T("{\"a\":1}\0")};

/* Texts that cjson refuses, whatever bytes may follow. */
static const struct text invalid[] = {
    T("x"), T("'a'"), T(".5"), T("/"), T("\v1"), T("\f1"), T("\xef\xbb\xbf{}"),
    T("}"), T("]"), T(","), T(":"), T("[,"), T("[1,]"), T("[1,,"), T("[}"),
    T("{]"), T("{,"), T("{1"), T("{\"a\"}"), T("{\"a\","), T("{\"a\":}"),
    T("{\"a\":,"), T("{\"a\":1,}"), T("{\"a\":1]"), T("[1}"), T("[1 2"),
    T("[\"a\":"), T("{\"a\" 1"), T("{a"), T("{null"), T("[1\"a\""),
    T("True"), T("tRue"), T("trux"), T("falsy"), T("nul "), T("nulL"),
    T("nUll"), T("nx"), T("NULL"), T("Nul"), T("[nullx"), T("[truefalse"),
    T("+x"), T("- 1"), T("--1"), T("-+1"), T("+-1"), T("-x"), T("-.x"),
    T("-e5"), T("+ "), T("[1..2"), T("[1e5.5"), T("[1ex"), T("[1e+x"),
    T("[0xg"), T("[0x.p1"), T("[0x1pa"), T("[1p5"), T("[1x"),
    T("ix"), T("inx"), T("-ix"), T("+nx"), T("nax"), T("[infx"),
    T("[infinitx"), T("[infinity1"), T("[nan(a b)"), T("[nan(x]"),
    T("[nan(a-"), T("[nan()x"),
    T("\"\\v"), T("\"\\'"), T("\"\\x41"), T("\"\\U"), T("\"\\0"),
    T("\"\\u00g"), T("\"\\u 041"), T("\"\\u-001"),
    T("\"\\ud800\\udc0g"), T("\"\\udc0g"),
    /* NUL anywhere but behind the value, and texts like UTF-16 */
    T("\0"), T("\0\0"), T("\0x"), T("1\0"), T("[\0"), T("\"\0"), T(" \0"),
    T("\"a\0b\""), T("[1\0]"), T("[1,\0"), T("{\"a\"\0"), T("tru\0"),
    T("\"\\\0"), T("\"\\u00\0"), T("  \0")};

/* Texts that cjson refuses, but would decode with further bytes. */
static const struct text incomplete[] = {
    T(""), T(" "), T("\r\n\t "), T("{"), T("["), T("[ "), T("[["), T("{ "),
    T("[1"), T("[1,"), T("[1, "), T("{\"a"), T("{\"a\""),
    T("{\"a\" "), T("{\"a\":"), T("{\"a\":1"), T("{\"a\":1,"),
    T("{\"a\":{\"b\":[1,{"), T("t"), T("tru"), T("f"), T("fals"), T("n"),
    T("nu"), T("nul"), T("[t"), T("{\"a\":nu"),
    T("-"), T("+"), T("-."), T("1e"), T("1e+"), T("1.e-"), T("0x"), T("-0x"),
    T("0x."), T("0x1p"), T("0x1p-"), T("[0x"), T("[1e"), T("[-"),
    T("i"), T("I"), T("in"), T("infi"), T("infinit"), T("-i"), T("[infin"),
    T("N"), T("na"), T("-n"), T("nan("), T("nan(ab"), T("[nan(1"),
    T("\""), T("\"a"), T("\"\\"), T("\"\\u"), T("\"\\u1"), T("\"\\u123"),
    T("\"\\u1234"), T("\"\\ud"), T("\"\\ud8"), T("\"\\uDBF"), T("\"\\ud800"),
    T("\"\\udC"), T("\"\\ud800\\n"), T("\"\\ud800\\ud8"),
    T("\"\\ud800\\"), T("\"\\ud800\\u"), T("\"\\ud800\\ud"),
    T("\"\\ud800\\uDc"), T("\"\\ud800\\udff"), T("\"\\ud800\\udfff"),
    T("[\"\\n"), T("{\"\\u00")};

struct first {
  struct text text;
  size_t used;
};

/* A value with more bytes behind it. */
static const struct first firsts[] = {
    {T("{}{}"), 2},      {T("{} {}"), 3},      {T(" {}\n\n[]"), 5},
    {T("[1]]"), 3},      {T("1 2"), 2},        {T("1,2"), 1},
    {T("truex"), 4},     {T("nullx"), 4},      {T("\"a\"b"), 3},
    {T("1x"), 1},        {T("1ex"), 1},        {T("1e+x"), 1},
    {T("1..2"), 2},      {T("0xg"), 1},        {T("0x.p1"), 1},
    {T("-0x.g"), 2}, {T("0x1px"), 3},      {T("1p5"), 1},
    {T("infx"), 3},      {T("infinitx"), 3},   {T("infinityx"), 8},
    {T("nanx"), 3},      {T("nan(a b)"), 3},   {T("nan(a)b"), 6},
    {T("{}x\0"), 2},     {T("[] [DONE]"), 3}};

static enum yj_json_verdict read_text(const char *bytes, size_t len,
                                      size_t *used) {
  struct yj_json_value values[N_SLOTS];
  char *text = harness_copy(bytes, len);
  enum yj_json_verdict verdict =
      yj_json_read(text, len, chunk_keys, values, N_SLOTS, used, NULL);
  free(text);
  return verdict;
}

static void test_verdicts(void) {
  size_t i, used;
  for (i = 0; i < COUNT(whole); i++) {
    used = 0;
    CHECK_IN(whole[i].text, read_text(whole[i].text, whole[i].len, &used) ==
                                YJ_JSON_WHOLE);
    CHECK_IN(whole[i].text, used == whole[i].len);
  }
  for (i = 0; i < COUNT(invalid); i++)
    CHECK_IN(invalid[i].text, read_text(invalid[i].text, invalid[i].len,
                                        &used) == YJ_JSON_INVALID);
  for (i = 0; i < COUNT(incomplete); i++)
    CHECK_IN(incomplete[i].text,
             read_text(incomplete[i].text, incomplete[i].len, &used) ==
                 YJ_JSON_INCOMPLETE);
}

static void test_first_value(void) {
  size_t i, used;
  for (i = 0; i < COUNT(firsts); i++) {
    const struct text *text = &firsts[i].text;
    used = 0;
    CHECK_IN(text->text,
             read_text(text->text, text->len, &used) == YJ_JSON_WHOLE);
    CHECK_IN(text->text, used == firsts[i].used);
  }
}

/* No prefix of a document is invalid; a complete one is read to its end. */
static void test_prefixes(void) {
  size_t i, n, used;
  for (i = 0; i < COUNT(whole); i++)
    for (n = 0; n < strlen(whole[i].text); n++) {
      enum yj_json_verdict verdict = read_text(whole[i].text, n, &used);
      CHECK_IN(whole[i].text, verdict != YJ_JSON_INVALID);
      CHECK_IN(whole[i].text, verdict != YJ_JSON_WHOLE || used == n);
    }
}

/* ---- fields ---- */

struct field {
  enum yj_json_type type;
  int escaped;
  const char *text;
};

#define STRING(text) {YJ_JSON_STRING, 0, text}
#define ESCAPED(text) {YJ_JSON_STRING, 1, text}
#define NOTHING {YJ_JSON_NULL, 0, "null"}
#define NUMBER(text) {YJ_JSON_NUMBER, 0, text}
#define OBJECT(text) {YJ_JSON_OBJECT, 0, text}
#define ARRAY(text) {YJ_JSON_ARRAY, 0, text}

struct document {
  const char *text;
  struct field fields[N_SLOTS];
};

static const struct document documents[] = {
    {"{}", {[0] = {0}}},
    {"{\"content\":\"a\"}", {[CONTENT] = STRING("a")}},
    {" { \"content\" : \"a\" } ", {[CONTENT] = STRING("a")}},
    {"{\"content\":\"\"}", {[CONTENT] = STRING("")}},
    {"{\"content\":\"\\u6211\"}", {[CONTENT] = ESCAPED("\\u6211")}},
    {"{\"content\":null}", {[CONTENT] = NOTHING}},
    {"{\"content\":true}", {[CONTENT] = {YJ_JSON_TRUE, 0, "true"}}},
    {"{\"content\":false}", {[CONTENT] = {YJ_JSON_FALSE, 0, "false"}}},
    {"{\"content\":-1.5e3 }", {[CONTENT] = NUMBER("-1.5e3")}},
    {"{\"content\":nan(x)}", {[CONTENT] = NUMBER("nan(x)")}},
    {"{\"content\":Infinity}", {[CONTENT] = NUMBER("Infinity")}},
    {"{\"content\":{\"a\":\"\\n\"} }",
     {[CONTENT] = OBJECT("{\"a\":\"\\n\"}")}},
    {"{\"content\":[ 1 ] }", {[CONTENT] = ARRAY("[ 1 ]")}},
    {"{\"Content\":1,\"conten\":2,\"contents\":3,\"\":4}", {[0] = {0}}},
    {"{\"a\":{\"content\":1},\"b\":[{\"usage\":2}]}", {[0] = {0}}},
    {"[{\"content\":1}]", {[0] = {0}}},
    {"{\"created\":1,\"model\":\"m\",\"usage\":{\"n\":1},\"content\":\"a\"}",
     {[USAGE] = OBJECT("{\"n\":1}"), [CONTENT] = STRING("a")}},
    {"{\"choices\":[]}", {[CHOICES] = ARRAY("[]")}},
    {"{\"choices\":[{\"delta\":{\"content\":\"a\",\"reasoning_content\":null},"
     "\"finish_reason\":\"stop\"}]}",
     {[CHOICES] = ARRAY("[{\"delta\":{\"content\":\"a\",\"reasoning_content\":"
                        "null},\"finish_reason\":\"stop\"}]"),
      [DELTA_CONTENT] = STRING("a"), [DELTA_REASONING] = NOTHING,
      [FINISH_REASON] = STRING("stop")}},
    /* only the first element counts, and only if it is an object */
    {"{\"choices\":[{},{\"finish_reason\":1}]}",
     {[CHOICES] = ARRAY("[{},{\"finish_reason\":1}]")}},
    {"{\"choices\":[1,{\"finish_reason\":1}]}",
     {[CHOICES] = ARRAY("[1,{\"finish_reason\":1}]")}},
    {"{\"choices\":[[{\"finish_reason\":1}]]}",
     {[CHOICES] = ARRAY("[[{\"finish_reason\":1}]]")}},
    {"{\"choices\":{\"finish_reason\":1}}",
     {[CHOICES] = OBJECT("{\"finish_reason\":1}")}},
    {"{\"choices\":[{\"delta\":[{\"content\":1}]}]}",
     {[CHOICES] = ARRAY("[{\"delta\":[{\"content\":1}]}]")}},
    /* the second of two equal names counts, and replaces the first */
    {"{\"content\":\"\\n\",\"content\":\"b\"}", {[CONTENT] = STRING("b")}},
    {"{\"content\":\"a\",\"content\":null}", {[CONTENT] = NOTHING}},
    {"{\"choices\":[{\"delta\":{\"content\":1}}],\"choices\":[{}]}",
     {[CHOICES] = ARRAY("[{}]")}},
    {"{\"choices\":[{\"delta\":{\"content\":1}}],\"choices\":7}",
     {[CHOICES] = NUMBER("7")}},
    {"{\"choices\":[{\"delta\":{\"content\":1},\"finish_reason\":2,"
     "\"delta\":0}]}",
     {[CHOICES] = ARRAY("[{\"delta\":{\"content\":1},\"finish_reason\":2,"
                        "\"delta\":0}]"),
      [FINISH_REASON] = NUMBER("2")}},
    {"{\"choices\":0,\"content\":1,\"choices\":[{\"finish_reason\":2}]}",
     {[CHOICES] = ARRAY("[{\"finish_reason\":2}]"), [CONTENT] = NUMBER("1"),
      [FINISH_REASON] = NUMBER("2")}},
    /* names with escapes */
    {"{\"con\\u0074ent\":1}", {[CONTENT] = NUMBER("1")}},
    {"{\"\\u0063\\u006f\\u006e\\u0074\\u0065\\u006e\\u0074\":\"a\"}",
     {[CONTENT] = STRING("a")}},
    {"{\"content\\u0000\":1,\"conten\\t\":2,\"\\ud83d\\ude00\":3}",
     {[0] = {0}}},
    {"{\"content\":1,\"\\u0063ontent\":\"b\"}", {[CONTENT] = STRING("b")}},
    {"{\"\\u0063ontent\":1 , \"content\":\"b\"}", {[CONTENT] = STRING("b")}}};

static void check_field(const char *what, const char *name,
                        const struct yj_json_value *got,
                        const struct field *want) {
  const char *text = want->text == NULL ? "" : want->text;
  char label[512];
  snprintf(label, sizeof label, "%s of %s", name, what);
  CHECK_IN(label, got->type == want->type);
  CHECK_IN(label, got->escaped == want->escaped);
  harness_bytes(got->text, got->len, text, strlen(text), __FILE__, __LINE__,
                label);
}

static void test_fields(void) {
  size_t i, slot, used;
  for (i = 0; i < COUNT(documents); i++) {
    const struct document *d = &documents[i];
    struct yj_json_value values[N_SLOTS];
    size_t len = strlen(d->text);
    char *text = harness_copy(d->text, len);
    memset(values, 0xFF, sizeof values);
    CHECK_IN(d->text, yj_json_read(text, len, chunk_keys, values, N_SLOTS,
                                   &used, NULL) == YJ_JSON_WHOLE);
    for (slot = 0; slot < N_SLOTS; slot++)
      check_field(d->text, names_of[slot], &values[slot], &d->fields[slot]);
    free(text);
  }
}

static void test_no_keys(void) {
  static const char text[] = "{\"content\":[{\"a\":\"\\u0041\"}]} ";
  size_t used = 0;
  CHECK(yj_json_read(text, sizeof text - 1, NULL, NULL, 0, &used, NULL) ==
        YJ_JSON_WHOLE);
  CHECK(used == sizeof text - 1);
  CHECK(yj_json_read(NULL, 0, NULL, NULL, 0, &used, NULL) == YJ_JSON_INCOMPLETE);
}

static void test_empty_name(void) {
  static const struct yj_json_key keys[] = {KEY("", 0, NULL), END_OF_KEYS};
  static const char text[] = "{\"a\":1,\"\":\"x\"}";
  struct yj_json_value value;
  size_t used;
  CHECK(yj_json_read(text, sizeof text - 1, keys, &value, 1, &used, NULL) ==
        YJ_JSON_WHOLE);
  CHECK_BYTES("empty name", value.text, value.len, "x");
}

/* Escaped names that are just longer than the wanted ones, or just not. */
static void test_long_names(void) {
  static const char escape[] = "\\u0061";
  struct yj_json_key keys[] = {KEY("", 0, NULL), END_OF_KEYS};
  char name[255], *text;
  size_t n, i, len, used;
  memset(name, 'a', sizeof name);
  keys[0].name = name;
  keys[0].name_len = sizeof name;
  for (n = 254; n <= 256; n++) {
    struct yj_json_value value;
    len = 0;
    text = malloc(6 * n + 6);
    if (text == NULL)
      abort();
    memcpy(text, "{\"", 2);
    for (i = 0, len = 2; i < n; i++, len += 6)
      memcpy(text + len, escape, 6);
    memcpy(text + len, "\":1}", 4);
    CHECK(yj_json_read(text, len + 4, keys, &value, 1, &used, NULL) ==
          YJ_JSON_WHOLE);
    CHECK((value.type == YJ_JSON_NUMBER) == (n == 255));
    free(text);
  }
}

/* ---- depth ---- */

/* n times `open`, then `middle` and n times `close`, in *len bytes. */
static char *nest(size_t n, const char *open, const char *middle,
                  const char *close, size_t *len) {
  size_t open_len = strlen(open), close_len = strlen(close), i;
  char *text = malloc(n * (open_len + close_len) + strlen(middle) + 1);
  char *p = text;
  if (text == NULL)
    abort();
  for (i = 0; i < n; i++, p += open_len)
    memcpy(p, open, open_len + 1);
  memcpy(p, middle, strlen(middle) + 1);
  p += strlen(middle);
  for (i = 0; i < n; i++, p += close_len)
    memcpy(p, close, close_len + 1);
  *len = (size_t)(p - text);
  return text;
}

static void check_depth(size_t n, const char *open, const char *middle,
                        const char *close, enum yj_json_verdict want) {
  size_t len, used;
  char *text = nest(n, open, middle, close, &len);
  CHECK_IN(open, read_text(text, len, &used) == want);
  free(text);
}

static void test_depth(void) {
  check_depth(1000, "[", "", "]", YJ_JSON_WHOLE);
  check_depth(1001, "[", "", "]", YJ_JSON_INVALID);
  check_depth(1000, "[", "1", "]", YJ_JSON_WHOLE);
  check_depth(1000, "{\"a\":", "1", "}", YJ_JSON_WHOLE);
  check_depth(1001, "{\"a\":", "1", "}", YJ_JSON_INVALID);
  check_depth(500, "[{\"a\":", "1", "}]", YJ_JSON_WHOLE);
  check_depth(500, "[{\"a\":", "[]", "}]", YJ_JSON_INVALID);
  check_depth(1000, "[", "", "", YJ_JSON_INCOMPLETE);
  check_depth(1001, "[", "", "", YJ_JSON_INVALID);
  check_depth(1000, "[", "{", "", YJ_JSON_INVALID);
  check_depth(999, "[", "[],[],{}", "]", YJ_JSON_WHOLE);
  check_depth(999, "[", "[],{\"a\":[]}", "]", YJ_JSON_INVALID);
}

/* ---- strings ---- */

struct unescaped {
  const char *raw; /* between the quotes */
  struct text plain;
};

static const struct unescaped unescaped[] = {
    {"", T("")},
    {"plain", T("plain")},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", T("\"\\/\b\f\n\r\t")},
    {"a\\nb\\nc", T("a\nb\nc")},
    {"\\u0000", T("\0")},
    {"\\u0041\\u007f", T("A\x7f")},
    {"\\u0080\\u07ff", T("\xc2\x80\xdf\xbf")},
    {"\\u0800\\uFFFF", T("\xe0\xa0\x80\xef\xbf\xbf")},
    {"\\u6211\\u662f", T("\xe6\x88\x91\xe6\x98\xaf")},
    {"\\uD83D\\ude00!", T("\xf0\x9f\x98\x80!")},
    {"\\ud800\\udc00", T("\xf0\x90\x80\x80")},
    {"\\udbff\\udfff", T("\xf4\x8f\xbf\xbf")},
    {"\\ud7ff\\ue000", T("\xed\x9f\xbf\xee\x80\x80")},
    {"\xe6\x88\x91\\n\x01\xff", T("\xe6\x88\x91\n\x01\xff")},
    {"\\\\u0041", T("\\u0041")}};

static void test_unescape(void) {
  size_t i;
  for (i = 0; i < COUNT(unescaped); i++) {
    const struct unescaped *u = &unescaped[i];
    struct yj_json_value value;
    char *out;
    size_t n;
    int halves = 0;
    value.type = YJ_JSON_STRING;
    value.escaped = strchr(u->raw, '\\') != NULL;
    value.len = strlen(u->raw);
    value.text = u->raw;
    out = harness_copy(u->raw, value.len);  /* as large as decoding asks for */
    n = yj_json_unescape(&value, out, &halves);
    harness_bytes(out, n, u->plain.text, u->plain.len, __FILE__, __LINE__,
                  u->raw);
    free(out);
  }
}

#define HIGH "\xed\xa0\xbd"
#define LOW "\xed\xb8\x80"
#define FACE "\xf0\x9f\x98\x80"
#define ODD "\xef\xbf\xbd"

/* Texts with halves of surrogate pairs, the joined text, and the bytes that
 * are left for the next text if one may follow. */
static void test_join_halves(void) {
  static const struct {
    struct text raw, joined, before;
    uint16_t half;
  } rows[] = {{T(""), T(""), T(""), 0},
              {T("a"), T("a"), T("a"), 0},
              {T(HIGH LOW), T(FACE), T(FACE), 0},
              {T("a" HIGH), T("a" ODD), T("a"), 0xD83D},
              {T(HIGH HIGH LOW), T(ODD FACE), T(ODD FACE), 0},
              {T(LOW HIGH), T(ODD ODD), T(ODD), 0xD83D},
              {T(HIGH "a" LOW), T(ODD "a" ODD), T(ODD "a" ODD), 0},
              {T("\xed\x9f\xbf"), T("\xed\x9f\xbf"), T("\xed\x9f\xbf"), 0},
              {T("\xed\xa0"), T("\xed\xa0"), T("\xed\xa0"), 0}};
  size_t i, n;
  for (i = 0; i < COUNT(rows); i++) {
    char *text = harness_copy(rows[i].raw.text, rows[i].raw.len);
    uint16_t half = 1;
    n = yj_json_join_halves(text, rows[i].raw.len, NULL);
    harness_bytes(text, n, rows[i].joined.text, rows[i].joined.len, __FILE__,
                  __LINE__, rows[i].raw.text);
    free(text);
    text = harness_copy(rows[i].raw.text, rows[i].raw.len);
    n = yj_json_join_halves(text, rows[i].raw.len, &half);
    harness_bytes(text, n, rows[i].before.text, rows[i].before.len, __FILE__,
                  __LINE__, rows[i].raw.text);
    CHECK_IN(rows[i].raw.text, half == rows[i].half);
    free(text);
  }
}

/* Each half is written as three bytes, and reported. */
static void test_unescape_halves(void) {
  static const char raw[] = "\\ud83d\\ud83d\\ude00\\ude00";
  static const char want[] = HIGH FACE LOW;
  struct yj_json_value value = {YJ_JSON_STRING, 1, raw, sizeof raw - 1};
  char out[sizeof raw];
  int halves = 0;
  size_t n = yj_json_unescape(&value, out, &halves);
  harness_bytes(out, n, want, sizeof want - 1, __FILE__, __LINE__, raw);
  CHECK(halves);
}

/* Fields beside the wanted ones. */
static void test_rest(void) {
  static const struct {
    const char *text;
    unsigned char top, inside;
  } rows[] = {{"{}", 0, 0},
              {"{\"content\":\"a\",\"usage\":{\"x\":1}}", 0, 0},
              {"{\"x\":null,\"y\":\"\",\"z\":[],\"a\":{}}", 0, 0},
              {"{\"x\":0}", 1, 0},
              {"{\"choices\":[{\"delta\":{\"content\":1}}]}", 0, 0},
              {"{\"choices\":[{\"delta\":{\"x\":1}}]}", 0, 1},
              {"{\"choices\":[{\"delta\":\"x\"}]}", 0, 1},
              {"{\"choices\":[{\"x\":false}]}", 0, 1},
              {"{\"choices\":[{},{}]}", 0, 0},
              {"{\"choices\":[{},{\"delta\":1}]}", 0, 1},
              {"{\"choices\":[5]}", 0, 1},
              {"{\"choices\":{\"x\":1}}", 1, 0}};
  size_t i, used;
  for (i = 0; i < COUNT(rows); i++) {
    struct yj_json_value values[N_SLOTS];
    struct yj_json_rest rest;
    CHECK_IN(rows[i].text,
             yj_json_read(rows[i].text, strlen(rows[i].text), chunk_keys,
                          values, N_SLOTS, &used, &rest) == YJ_JSON_WHOLE);
    CHECK_IN(rows[i].text, rest.top == rows[i].top);
    CHECK_IN(rows[i].text, rest.inside == rows[i].inside);
  }
}

/* The set of known names is the same in any order; other names change it. */
static uint64_t names_of_text(const char *text) {
  struct yj_json_value values[N_SLOTS];
  struct yj_json_rest rest;
  size_t used;
  CHECK_IN(text, yj_json_read(text, strlen(text), chunk_keys, values, N_SLOTS,
                              &used, &rest) == YJ_JSON_WHOLE);
  return rest.names;
}

static void test_names(void) {
  uint64_t one = names_of_text("{\"a\":1,\"usage\":2}");
  CHECK(one != 0 && one == names_of_text("{\"usage\":5,\"x\":null,\"a\":3}"));
  CHECK(one != names_of_text("{\"a\":1}"));
  CHECK(one != names_of_text("{\"a\":1,\"usage\":null}"));
  CHECK(names_of_text("{\"b\":\"\"}") == 0);
}

/* Whether the end of a string of n bytes is found, with c at place i. */
static int ends_right(size_t n, size_t i, char c) {
  char text[40];
  size_t used = 0;
  memset(text, i % 2 ? 'x' : '\x80', sizeof text);
  text[0] = '"';
  text[i + 1] = c;
  text[n + 1] = '"';
  return c == '\0' ? read_text(text, n + 2, &used) == YJ_JSON_INVALID
                   : read_text(text, n + 2, &used) == YJ_JSON_WHOLE &&
                         used == n + 2;
}

/* The end of a string at each place of a block of eight bytes, and at each
 * place each byte that could be mistaken for it. */
static void test_string_ends(void) {
  size_t n, i;
  int c;
  for (n = 1; n < 20; n++)
    for (i = 0; i < n; i++) {
      int right = 0;
      for (c = 0; c < 256; c++)
        right += c == '"' || c == '\\' || ends_right(n, i, (char)c);
      CHECK(right == 256);
    }
}

struct quoted {
  struct text text;
  enum yj_json_verdict verdict;
  size_t len; /* of the string with its quotes */
  int escaped;
};

static const struct quoted quoted[] = {
    {T("\"\""), YJ_JSON_WHOLE, 2, 0},
    {T("\"a\" , 1"), YJ_JSON_WHOLE, 3, 0},
    {T("\"a\\\"b\"x"), YJ_JSON_WHOLE, 6, 1},
    {T("\"abcdefghijkl\\n\\nabcdefghijkl\"]"), YJ_JSON_WHOLE, 30, 1},
    {T(""), YJ_JSON_INCOMPLETE, 0, 0},
    {T("\"a"), YJ_JSON_INCOMPLETE, 0, 0},
    {T("\"a\\"), YJ_JSON_INCOMPLETE, 0, 0},
    {T("a\""), YJ_JSON_INVALID, 0, 0},
    {T(" \"a\""), YJ_JSON_INVALID, 0, 0},
    {T("\"\\q\""), YJ_JSON_INVALID, 0, 0},
    {T("\"a\0\""), YJ_JSON_INVALID, 0, 0}};

static void test_read_string(void) {
  size_t i;
  for (i = 0; i < COUNT(quoted); i++) {
    const struct quoted *q = &quoted[i];
    char *text = harness_copy(q->text.text, q->text.len);
    const char *p = text;
    int escaped = -1;
    CHECK_IN(q->text.text, yj_json_read_string(&p, text + q->text.len,
                                               &escaped) == q->verdict);
    if (q->verdict == YJ_JSON_WHOLE) {
      CHECK_IN(q->text.text, p == text + q->len);
      CHECK_IN(q->text.text, escaped == q->escaped);
    }
    free(text);
  }
}

int main(void) {
  test_verdicts();
  test_first_value();
  test_prefixes();
  test_fields();
  test_no_keys();
  test_empty_name();
  test_long_names();
  test_depth();
  test_unescape();
  test_unescape_halves();
  test_join_halves();
  test_rest();
  test_names();
  test_string_ends();
  test_read_string();
  return harness_end();
}
