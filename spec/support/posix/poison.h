/* For `make posix-check`: what Linux has and others have not. To use or to
 * declare one of these is an error from here on. */
#pragma GCC poison epoll_create1 epoll_create epoll_ctl epoll_wait epoll_event
#pragma GCC poison timerfd_create timerfd_settime eventfd signalfd inotify_init1
#pragma GCC poison fallocate pipe2 accept4 dup3 prctl gettid sendfile
#pragma GCC poison SSL_has_pending OpenSSL_version

/* The BSDs have no such error. */
#include <errno.h>
#undef ENODATA
#ifndef __ELF__
#pragma GCC poison weak
#endif
