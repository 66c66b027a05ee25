/* platform: the system under the core, where it is not a file, a path, a
 * signal or a poller.
 *
 * A file NAME_posix.c is compiled for POSIX alone and NAME_windows.c for
 * Windows alone, with the same functions. Only this header asks which system
 * it is. Functions return 0 or an errno unless they say otherwise.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <winsock2.h>
#include <ws2tcpip.h>

typedef SOCKET yj_socket;
typedef intptr_t yj_handle; /* a HANDLE */
typedef INIT_ONCE yj_once;
#define YJ_ONCE INIT_ONCE_STATIC_INIT
#define YJ_EXPORT __declspec(dllexport)

#else

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

typedef int yj_socket;
typedef int yj_handle;
typedef pthread_once_t yj_once;
#define YJ_ONCE PTHREAD_ONCE_INIT
#define YJ_EXPORT __attribute__((visibility("default")))

#endif

#define YJ_NO_SOCKET ((yj_socket)-1)

#pragma GCC visibility push(hidden)

/* Microseconds on the monotonic clock. */
int64_t yj_now(void);

/* Calls `start` the first time, whichever thread is the first. */
void yj_call_once(yj_once *once, void (*start)(void));

/* Fills `out` with n random bytes, 256 at most. */
int yj_random(void *out, size_t n);

/* The number at the start of the text, as strtod() reads it in the C
 * locale. */
double yj_strtod(const char *text);

/* ---- the process ---- */

/* The number of this process. */
int64_t yj_process(void);

/* Has each child that this process forks call that. */
int yj_watch_forks(void (*enter_child)(void));

/* The file of the library that has this function or variable, or NULL: not
 * known. */
const char *yj_library_of(const void *address);

/* Keeps that library loaded until the process ends. */
void yj_pin_library(const void *address);

/* The function or variable of that name in this process, or NULL. */
void *yj_symbol(const char *name);

/* Whether C's argv has an argument as `text` that is another one in UTF-8,
 * which is written into `out` (of YJ_ARGUMENT_SIZE). They are counted from the
 * last one, 0. */
#define YJ_ARGUMENT_SIZE 32768
int yj_argument(int from_end, const char *text, char *out);

/* The same of a variable of the environment, which C's getenv() knows. */
int yj_variable(const char *name, char *out);

/* ---- the terminal ---- */

/* The standard stream of that number: 0, 1 or 2. */
int yj_is_terminal(int stream);
int yj_terminal_width(int stream); /* in columns; 0: not known */

/* Has the terminal show UTF-8, until the process ends; 0: its locale says
 * whether it does. */
int yj_show_utf8(void);

/* Waits so long at most; whether that descriptor, or on Windows that standard
 * stream, can be read. */
int yj_wait_readable(int fd, int ms);

/* Reads from the terminal that is stdin, a line as a rule; how many bytes of
 * UTF-8 came, 0 at the end. -1: C's stdin is to be read. */
int yj_read_terminal(char *out, size_t size);

/* ---- sockets ---- */

/* A socket that no child inherits, or YJ_NO_SOCKET. */
yj_socket yj_socket_open(int family, int type, int protocol);

/* With `ends` the connection ends as well if a forked child still has the
 * socket; without, it goes on there. */
int yj_socket_close(yj_socket s, int ends);

/* As poll(2); -1 with errno set. */
int yj_poll(struct pollfd *watched, size_t n, int ms);

/* Two ends: what is written to [1] makes [0] readable. Neither blocks, and no
 * child inherits them. */
int yj_pipe_open(yj_socket ends[2]);
void yj_pipe_write(yj_socket end); /* full: it is readable already */
void yj_pipe_drain(yj_socket end);
void yj_pipe_close(const yj_socket ends[2]);

/* ---- SIGPIPE ---- */

/* Blocks it for this thread. A signal that is pending already belongs to the
 * host or to an outer guard: then it returns 0, and nothing is to be
 * undone. */
int yj_sigpipe_block(void);

/* Consumes the one that came meanwhile; `blocked` is what the other
 * returned. */
void yj_sigpipe_unblock(int blocked);

#pragma GCC visibility pop
