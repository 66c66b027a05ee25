/* other_libcurl: preloaded, it makes of the libcurl that is here one that could
 * be there: of the version $CURL_VERSION (six hexadecimal digits, as libcurl
 * numbers them), without the options from $CURL_OPTIONS on, with $NO_CAPATH one
 * whose TLS knows no folders of certificates, and before 7.87 one whose writes
 * raise SIGPIPE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <curl/curl.h>

#undef curl_easy_setopt

static unsigned long number_of(const char *name, int base, unsigned long other) {
  const char *text = getenv(name);
  return text == NULL ? other : strtoul(text, NULL, base);
}

curl_version_info_data *curl_version_info(CURLversion now) {
  static curl_version_info_data data;
  static char version[32];
  curl_version_info_data *(*real)(CURLversion) =
      dlsym(RTLD_NEXT, "curl_version_info");
  data = *real(now);
  data.version_num =
      (unsigned)number_of("CURL_VERSION", 16, data.version_num);
  snprintf(version, sizeof version, "%u.%u.%u", data.version_num >> 16,
           data.version_num >> 8 & 255, data.version_num & 255);
  data.version = version;
  return &data;
}

static int is_unknown(CURLoption option) {
  return (unsigned long)option % 10000 >=
         number_of("CURL_OPTIONS", 10, 10000);
}

const struct curl_easyoption *curl_easy_option_by_id(CURLoption option) {
  const struct curl_easyoption *(*real)(CURLoption) =
      dlsym(RTLD_NEXT, "curl_easy_option_by_id");
  return is_unknown(option) ? NULL : real(option);
}

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  CURLcode (*real)(CURL *, CURLoption, ...) =
      dlsym(RTLD_NEXT, "curl_easy_setopt");
  va_list rest;
  void *value;
  va_start(rest, option);
  value = va_arg(rest, void *);
  va_end(rest);
  if (is_unknown(option))
    return CURLE_UNKNOWN_OPTION;
  if (option == CURLOPT_CAPATH && getenv("NO_CAPATH") != NULL)
    return CURLE_NOT_BUILT_IN;
  return real(easy, option, value);
}

ssize_t send(int fd, const void *bytes, size_t n, int flags) {
  ssize_t (*real)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
  int raises = number_of("CURL_VERSION", 16, 0xffffff) < 0x075700;
  return real(fd, bytes, n, raises ? flags & ~MSG_NOSIGNAL : flags);
}
