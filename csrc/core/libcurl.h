/* libcurl: its header, or how to have it.
 *
 * The libcurl that runs may be another one than the one whose header this is.
 * What it can do is for curl_runtime.h to say; here are the numbers of the
 * options that only some of them have. */
#pragma once

#ifdef __has_include
#if !__has_include(<curl/curl.h>)
/* Not #error, behind which a compiler goes on for pages. */
#include "libcurl's headers are missing: apt install libcurl4-openssl-dev"
#endif
#endif

#include <curl/curl.h>

#if LIBCURL_VERSION_NUM < 0x075000
#error "yuanjing needs libcurl 7.80 or later (CURLOPT_PREREQFUNCTION)"
#endif

/* By number, which no libcurl ever changes: an old header lacks the new ones,
 * and a new header warns of the old ones. */
#define YJ_OPT_PROTOCOLS ((CURLoption)(CURLOPTTYPE_LONG + 181))
#define YJ_OPT_PROTOCOLS_STR \
  ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 318)) /* 7.85 */
#define YJ_OPT_QUICK_EXIT ((CURLoption)(CURLOPTTYPE_LONG + 322)) /* 7.87 */

/* Sets an option, unless the CURLcode `code` is an error, which it keeps. */
#define SET(easy, option, value)                      \
  do {                                                \
    if (code == CURLE_OK)                             \
      code = curl_easy_setopt((easy), option, value); \
  } while (0)
