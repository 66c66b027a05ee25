#include "curl_runtime.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libcurl.h"
#include "platform.h"

/* ---- which one it is ---- */

static yj_once is_looked_at = YJ_ONCE, is_started = YJ_ONCE;
static char problem[512];
static unsigned version;
static int runs;

static const char *file_of_libcurl(void) {
  const char *file = yj_library_of((void *)(uintptr_t)&curl_easy_init);
  return file != NULL ? file : "an unknown place";
}

/* A version is only a claim: this asks libcurl itself, unless it was built
 * without the list of its options. */
static int has_needed_options(void) {
  return curl_easy_option_next(NULL) == NULL ||
         curl_easy_option_by_id(CURLOPT_PREREQFUNCTION) != NULL;
}

static void look_at(void) {
  curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  version = info->version_num;
  if (version < YJ_CURL_7_80 || !has_needed_options())
    (void)snprintf(
        problem, sizeof problem,
        "yuanjing needs libcurl 7.80 or later, but the one that is loaded "
        "is libcurl %s, from %s%s", info->version, file_of_libcurl(),
        version < YJ_CURL_7_80 ? "" : ", without CURLOPT_PREREQFUNCTION");
}

const char *yj_curl_problem(void) {
  yj_call_once(&is_looked_at, look_at);
  return problem[0] != '\0' ? problem : NULL;
}

static void start(void) {
  runs = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int yj_curl_start(void) {
  if (yj_curl_problem() == NULL)
    yj_call_once(&is_started, start);
  return runs;
}

int yj_curl_is(unsigned least) { return version >= least; }

const char *yj_curl_version(void) { return curl_version(); }

/* ---- what it was built with ---- */

const char *yj_curl_feature(int i) {
  static const struct {
    int bit;
    const char *name;
  } rows[] = {
      {CURL_VERSION_SSL, "TLS"},          {CURL_VERSION_IPV6, "IPv6"},
      {CURL_VERSION_HTTP2, "HTTP/2"},     {CURL_VERSION_LIBZ, "gzip"},
      {CURL_VERSION_BROTLI, "brotli"},    {CURL_VERSION_ZSTD, "zstd"},
      {CURL_VERSION_ASYNCHDNS, "asynchronous DNS"}};
  int has = curl_version_info(CURLVERSION_NOW)->features;
  size_t k;
  for (k = 0; k < sizeof rows / sizeof *rows; k++)
    if ((has & rows[k].bit) != 0 && i-- == 0)
      return rows[k].name;
  return NULL;
}

const char *yj_curl_ca_file(void) {
  return curl_version_info(CURLVERSION_NOW)->cainfo;
}

static int is_hash_name(const char *name) {
  size_t hex = strspn(name, "0123456789abcdef");
  return hex == 8 && name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

/* Whether OpenSSL can look certificates up by hash in that folder. */
static int is_hashed(const char *path) {
  DIR *dir = opendir(path);
  struct dirent *entry;
  int found = 0;
  if (dir == NULL)
    return 0;
  while (!found && (entry = readdir(dir)) != NULL)
    found = is_hash_name(entry->d_name);
  closedir(dir);
  return found;
}

static yj_once is_looked_up = YJ_ONCE;
static const char *ca_path;

static void look_up_ca_path(void) {
  const char *path = curl_version_info(CURLVERSION_NOW)->capath;
  ca_path = path != NULL && is_hashed(path) ? path : NULL;
}

const char *yj_curl_ca_path(void) {
  yj_call_once(&is_looked_up, look_up_ca_path);
  return ca_path;
}

/* ---- SIGPIPE ---- */

void yj_sigpipe_hold(struct yj_sigpipe *guard) {
  guard->blocked = yj_curl_is(YJ_CURL_7_87) ? 0 : yj_sigpipe_block();
}

void yj_sigpipe_release(const struct yj_sigpipe *guard) {
  if (guard->blocked != 0)
    yj_sigpipe_unblock(guard->blocked);
}
