/* curl_runtime: what the loaded libcurl can do. It need not be the one whose
 * headers this was built with: a game's launcher, conda or an AppImage may
 * bring their own. All strings are static.
 */
#pragma once

#pragma GCC visibility push(hidden)

/* libcurl's versions as it numbers them: 0xXXYYZZ. */
#define YJ_CURL_7_80 0x075000u
#define YJ_CURL_7_85 0x075500u
#define YJ_CURL_7_87 0x075700u

/* Why this libcurl can not be used, in one sentence, or NULL. Any thread may
 * call it. */
const char *yj_curl_problem(void);

/* Initializes libcurl for the whole process, once: that is never undone, for
 * the host may use it, too. False: it can not be. Any thread may call it. */
int yj_curl_start(void);

/* Whether the loaded libcurl is of that version or later. */
int yj_curl_is(unsigned version);

/* libcurl's name and version and those of what it was built with. */
const char *yj_curl_version(void);

/* The i-th feature it was built with, from 0, or NULL: there are no more. */
const char *yj_curl_feature(int i);

/* The bundle of certificates it was built to use, or NULL. */
const char *yj_curl_ca_file(void);

/* The folder of hashed certificates it was built to use, or NULL where there
 * are none: its bundle serves. */
const char *yj_curl_ca_path(void);

/* ---- SIGPIPE ----
 *
 * Before 7.87 libcurl lets OpenSSL write to a connection that the peer has
 * reset; the signal would end the host, and CURLOPT_NOSIGNAL does not help. So
 * SIGPIPE is blocked, for this thread alone, around all calls of libcurl that
 * may write or close; a SIGPIPE that came is consumed before it is unblocked.
 * The host's own handler is never changed. */
struct yj_sigpipe {
  int blocked; /* by yj_sigpipe_block(); 0: not */
};

/* Before such a call, and after it; pairs may nest. With a libcurl that needs
 * no guard they do nothing. */
void yj_sigpipe_hold(struct yj_sigpipe *guard);
void yj_sigpipe_release(const struct yj_sigpipe *guard);

#pragma GCC visibility pop
