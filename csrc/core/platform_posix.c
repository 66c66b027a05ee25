#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#ifdef __has_include
#if __has_include(<sys/random.h>)
#include <sys/random.h>
#define HAS_GETENTROPY
#endif
#endif

/* macOS has uselocale() there. */
#ifdef __has_include
#if __has_include(<xlocale.h>)
#include <xlocale.h>
#endif
#endif

#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#endif

int64_t yj_now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void yj_call_once(yj_once *once, void (*start)(void)) {
  pthread_once(once, start);
}

#ifdef HAS_GETENTROPY

int yj_random(void *out, size_t n) {
  return getentropy(out, n) == 0 ? 0 : errno;
}

#else

int yj_random(void *out, size_t n) {
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC), error = 0;
  if (fd < 0)
    return errno;
  if (read(fd, out, n) != (ssize_t)n)
    error = EIO;
  close(fd);
  return error;
}

#endif

static locale_t c_locale;
static yj_once locale_made = YJ_ONCE;

static void make_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double yj_strtod(const char *text) {
  locale_t before;
  double value;
  yj_call_once(&locale_made, make_locale);
  before = uselocale(c_locale);
  value = strtod(text, NULL);
  uselocale(before);
  return value;
}

/* ---- the process ---- */

int64_t yj_process(void) { return getpid(); }

int yj_watch_forks(void (*enter_child)(void)) {
  return pthread_atfork(NULL, NULL, enter_child);
}

/* dladdr() is on all of these systems, but not of POSIX. */
const char *yj_library_of(const void *address) {
#if defined(_GNU_SOURCE) || !defined(_POSIX_C_SOURCE)
  Dl_info info;
  if (dladdr(address, &info) != 0)
    return info.dli_fname;
#endif
  (void)address;
  return NULL;
}

void yj_pin_library(const void *address) {
#ifdef RTLD_NODELETE
  const char *path = yj_library_of(address);
  if (path != NULL)
    dlopen(path, RTLD_NOW | RTLD_NODELETE);
#endif
  (void)address;
}

void *yj_symbol(const char *name) {
#ifdef RTLD_DEFAULT
  return dlsym(RTLD_DEFAULT, name);
#else
  (void)name;
  return NULL;
#endif
}

int yj_argument(int from_end, const char *text, char *out) {
  (void)from_end, (void)text, (void)out;
  return 0;
}

int yj_variable(const char *name, char *out) {
  (void)name, (void)out;
  return 0;
}

/* ---- the terminal ---- */

int yj_is_terminal(int stream) { return isatty(stream); }

int yj_terminal_width(int stream) {
  struct winsize size;
  return ioctl(stream, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int yj_show_utf8(void) { return 0; }

int yj_wait_readable(int fd, int ms) {
  struct pollfd watched = {fd, POLLIN, 0};
  return poll(&watched, 1, ms) > 0;
}

int yj_read_terminal(char *out, size_t size) {
  (void)out, (void)size;
  return -1;
}

/* ---- sockets ---- */

static void set_close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

yj_socket yj_socket_open(int family, int type, int protocol) {
  int fd = socket(family, type | SOCK_CLOEXEC, protocol);
  if (SOCK_CLOEXEC == 0 && fd >= 0)
    set_close_on_exec(fd);
  return fd;
}

int yj_socket_close(yj_socket s, int ends) {
  if (ends)
    shutdown(s, SHUT_RDWR);
  return close(s) == 0 ? 0 : errno;
}

int yj_poll(struct pollfd *watched, size_t n, int ms) {
  return poll(watched, (nfds_t)n, ms);
}

int yj_pipe_open(yj_socket ends[2]) {
  int i, failed = pipe(ends);
  if (failed)
    return errno;
  for (i = 0; i < 2; i++)
    failed |= fcntl(ends[i], F_SETFD, FD_CLOEXEC) |
              fcntl(ends[i], F_SETFL, O_NONBLOCK);
  if (!failed)
    return 0;
  failed = errno;
  yj_pipe_close(ends);
  return failed;
}

/* NB: a signal handler calls it: only what is async-signal-safe. */
void yj_pipe_write(yj_socket end) {
  int error = errno;
  if (write(end, "", 1) < 0)
    errno = error;
}

void yj_pipe_drain(yj_socket end) {
  char bytes[64];
  while (read(end, bytes, sizeof bytes) > 0)
    ;
}

void yj_pipe_close(const yj_socket ends[2]) {
  close(ends[0]);
  close(ends[1]);
}

/* ---- SIGPIPE ---- */

enum { NOT_BLOCKED, BLOCKED, WAS_BLOCKED };

static int is_pending(void) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE);
}

static void set_to_sigpipe(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGPIPE);
}

int yj_sigpipe_block(void) {
  sigset_t pipe, before;
  if (is_pending())
    return NOT_BLOCKED;
  set_to_sigpipe(&pipe);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  return sigismember(&before, SIGPIPE) ? WAS_BLOCKED : BLOCKED;
}

void yj_sigpipe_unblock(int blocked) {
  sigset_t pipe;
  int number;
  if (blocked == NOT_BLOCKED)
    return;
  set_to_sigpipe(&pipe);
  if (is_pending())
    sigwait(&pipe, &number);
  if (blocked == BLOCKED)
    pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
}
