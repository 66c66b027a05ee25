/* keys: the fields of a chunk, as decoder.c wants them, and objects in which
 * they are nested both ways. No key has both a slot and an `inside`, so that
 * shape.h takes them as well. */
#ifndef FUZZ_KEYS_H
#define FUZZ_KEYS_H

#include "json.h"

#define FUZZ_SLOTS ((size_t)9)
#define FUZZ_KEY(name, slot, inside) \
  {(name), sizeof(name) - 1, 0, 0, (slot), (inside)}
#define FUZZ_FIRST_OF(name, inside) {(name), sizeof(name) - 1, 1, 0, -1, (inside)}
#define FUZZ_END {NULL, 0, 0, 0, -1, NULL}

static const struct yj_json_key fuzz_delta_keys[] = {
    FUZZ_KEY("content", 0, NULL), FUZZ_KEY("reasoning_content", 1, NULL),
    FUZZ_END};

static const struct yj_json_key fuzz_message_keys[] = {
    FUZZ_KEY("content", 2, NULL), FUZZ_KEY("", 3, NULL), FUZZ_END};

static const struct yj_json_key fuzz_choice_keys[] = {
    FUZZ_KEY("delta", -1, fuzz_delta_keys),
    FUZZ_KEY("message", -1, fuzz_message_keys),
    FUZZ_KEY("finish_reason", 4, NULL), FUZZ_END};

static const struct yj_json_key fuzz_keys[] = {
    FUZZ_FIRST_OF("choices", fuzz_choice_keys), FUZZ_KEY("content", 5, NULL),
    FUZZ_KEY("finish", 6, NULL), FUZZ_KEY("usage", 7, NULL),
    FUZZ_KEY("error", 8, NULL), FUZZ_END};

#endif
