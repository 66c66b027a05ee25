/* libcurl: its header, or how to have it. */
#ifndef YJ_LIBCURL_H
#define YJ_LIBCURL_H

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

#endif
