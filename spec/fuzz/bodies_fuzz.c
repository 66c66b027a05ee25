/* What the platform's bodies are read as: spec/fuzz/bodies.lua.
 * with: all
 * ldflags: -llua5.4 -lcurl
 * seeds: bodies
 * short: 6000
 * options: -max_len=1024 -detect_leaks=0 -dict=spec/fuzz/bodies.dict */
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (L == NULL)
    L = fuzz_state("spec/fuzz/bodies.lua");
  fuzz_call(L, data, size);
  return 0;
}
