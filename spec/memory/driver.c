/* driver: runs a scenario of scenarios.lua in which the n-th allocation fails,
 * n = 0, 1, 2 and so on until none does any more. Nothing may crash, hang, leak,
 * come out wrong, or fail without a word.
 * usage: driver lua|c SCENARIO [STEP]
 *   lua: Lua's own allocations fail; c: those of the core and of libcurl
 *   STEP: only every so many n, from a start that moves by one each run
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

/* ---- allocations ---- */

struct failure {
  long left; /* so many succeed yet; below 0: all do */
  int has_come;
  size_t again; /* Lua collects and tries once more, which fails as well */
};

static struct failure in_lua = {-1, 0, 0}, in_c = {-1, 0, 0};
static long n_live; /* blocks of C that nobody has freed */

/* What belongs to the core and to libcurl: other libraries may do as they like
 * without memory, and some do. */
static struct range {
  uintptr_t from, to;
} ours[16];
static int n_ours;

static void find_ours(void) {
  static char line[4096];
  FILE *maps = fopen("/proc/self/maps", "r");
  n_ours = 0;
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
    if ((strstr(line, "/core.so") || strstr(line, "/libcurl")) && n_ours < 16 &&
        sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &ours[n_ours].from,
               &ours[n_ours].to) == 2)
      n_ours++;
  if (maps != NULL)
    fclose(maps);
}

static int is_ours(const void *caller) {
  uintptr_t at = (uintptr_t)caller;
  int i;
  for (i = 0; i < n_ours; i++)
    if (at >= ours[i].from && at < ours[i].to)
      return 1;
  return 0;
}

static int fails(struct failure *f) {
  if (f->left < 0 || f->left-- > 0)
    return 0;
  f->has_come = 1;
  return 1;
}

#define FAILS() (is_ours(__builtin_return_address(0)) && fails(&in_c))

void *malloc(size_t n) {
  if (FAILS())
    return NULL;
  n_live++;
  return __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
  if (FAILS())
    return NULL;
  n_live++;
  return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
  if (FAILS())
    return NULL;
  n_live += p == NULL;
  return __libc_realloc(p, n);
}

char *strdup(const char *s) {
  size_t n = strlen(s) + 1;
  char *copy = FAILS() ? NULL : malloc(n);
  return copy == NULL ? NULL : memcpy(copy, s, n);
}

void free(void *p) {
  n_live -= p != NULL;
  __libc_free(p);
}

/* Lua takes it for granted that a block can shrink. */
static void *lua_allocator(void *ud, void *p, size_t from, size_t to) {
  struct failure *f = ud;
  if (to == 0) {
    __libc_free(p);
    return NULL;
  }
  if (p != NULL && to <= from)
    return __libc_realloc(p, to);
  if (to == f->again) {
    f->again = 0;
    return NULL;
  }
  if (!fails(f))
    return __libc_realloc(p, to);
  f->again = to;
  return NULL;
}

/* ---- the platform ---- */

struct answer {
  const char *start; /* of the request it is for */
  const char *text;
};

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"
static const struct answer answers[] = {
    {"POST /llmage/v1/chat", HEAD "\r\n"
     "data: {\"choices\":[{\"delta\":{\"content\":\"ab\\n\"}}]}\n\n"
     "data: {\"choices\":[{\"delta\":{\"content\":\"cd\"}}]}\n\n"
     "data: {\"choices\":[],\"finish\":\"1\",\"usage\":{\"total\":3}}\n\n"
     "data: [DONE]\n\n"},
    {"POST /plain", HEAD "Content-Length: 49\r\n\r\n"
     "{\"choices\":[{\"message\":{\"content\":\"ab\\ncd\"}}]}    "},
    {"POST /llmage/v1/video", HEAD "Content-Length: 34\r\n\r\n"
     "{\"taskid\":\"7\",\"status\":\"CREATED\"}  "},
    {"POST /reallife", HEAD "Content-Length: 76\r\n\r\n"
     "{\"status\":\"ok\",\"data\":{\"id\":\"1\",\"vendor_asset_id\":"
     "\"2\",\"status\":\"Active\"}}    "},
    {"GET /llmage/v1/tasks", HEAD "\r\n"
     "{\"status\":\"SUCCEEDED\",\"taskid\":\"7\",\"video\":\"@/file\"}"},
    {"GET /file", HEAD "Content-Length: 10\r\n\r\n0123456789"},
    {"POST /hang", HEAD "\r\ndata: {\"content\":\"a\"}\n\n"},
    {"", "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"}};

static char origin[64]; /* http://127.0.0.1:PORT */

static void write_all(int fd, const char *text, size_t n) {
  ssize_t sent;
  for (; n > 0; text += sent, n -= (size_t)sent) {
    sent = write(fd, text, n);
    if (sent <= 0)
      return;
  }
}

/* An @ stands for the origin. */
static void send_answer(int fd, const char *request) {
  const struct answer *a = answers;
  const char *at;
  while (strncmp(request, a->start, strlen(a->start)) != 0)
    a++;
  at = strchr(a->text, '@');
  if (at == NULL) {
    write_all(fd, a->text, strlen(a->text));
    return;
  }
  write_all(fd, a->text, (size_t)(at - a->text));
  write_all(fd, origin, strlen(origin));
  write_all(fd, at + 1, strlen(at + 1));
}

/* Reads the whole request first: an early answer would be another story. */
static void converse(int fd) {
  static char request[1 << 16];
  size_t have = 0, body = 0;
  char *end = NULL, *length;
  ssize_t got;
  while (end == NULL || (size_t)(request + have - end) < body) {
    got = read(fd, request + have, sizeof request - 1 - have);
    if (got <= 0)
      return;
    have += (size_t)got;
    request[have] = '\0';
    if (end == NULL && (end = strstr(request, "\r\n\r\n")) != NULL) {
      end += 4;
      length = strcasestr(request, "content-length:");
      body = length != NULL && length < end ? strtoul(length + 15, NULL, 10)
                                            : 0;
    }
  }
  send_answer(fd, request);
  if (strncmp(request, "POST /hang", 10) != 0)
    shutdown(fd, SHUT_WR);
  while (read(fd, request, sizeof request) > 0)
    ;
}

static void serve(int listener) {
  int fd;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  while ((fd = accept(listener, NULL, NULL)) >= 0) {
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      converse(fd);
      _exit(0);
    }
    close(fd);
  }
  _exit(1);
}

static void start_server(void) {
  struct sockaddr_in address;
  socklen_t len = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || bind(listener, (void *)&address, len) != 0 ||
      listen(listener, 64) != 0 ||
      getsockname(listener, (void *)&address, &len) != 0)
    exit(2);
  snprintf(origin, sizeof origin, "http://127.0.0.1:%d",
           ntohs(address.sin_port));
  if (fork() == 0)
    serve(listener);
  close(listener);
}

/* ---- the runs ---- */

static lua_State *open_state(void) {
  lua_State *L = lua_newstate(lua_allocator, &in_lua);
  if (L == NULL) {
    fprintf(stderr, "no state with an allocator of one's own\n");
    exit(2);
  }
  luaL_openlibs(L);
  return L;
}

static void must(lua_State *L, int failed) {
  if (!failed)
    return;
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  exit(1);
}

/* Leaves the table { run =, check = } of the scenario; run goes on alone once
 * allocations fail. */
static lua_State *prepare(const char *scenario) {
  lua_State *L = open_state();
  must(L, luaL_loadfile(L, "spec/memory/scenarios.lua"));
  lua_pushstring(L, scenario);
  lua_pushstring(L, origin);
  must(L, lua_pcall(L, 2, 1, 0));
  find_ours();
  return L;
}

/* One run; whether an allocation failed in it. What it came to is checked when
 * all is well again. */
static int run(lua_State *L, struct failure *f, long n) {
  int base = lua_gettop(L), failed;
  lua_getfield(L, base, "check");
  lua_getfield(L, base, "run");
  f->has_come = 0;
  f->again = 0;
  f->left = n;
  failed = lua_pcall(L, 0, 1, 0);
  f->left = -1;
  f->again = 0;
  lua_pushboolean(L, !failed);
  lua_insert(L, -2);
  lua_pushboolean(L, f->has_come);
  must(L, lua_pcall(L, 3, 0, 0));
  return f->has_come;
}

/* A first run without a failure, for what is made once. */
static long sweep(const char *scenario, struct failure *f, long step) {
  long n = getpid() % step, runs = 0;
  lua_State *L = prepare(scenario);
  run(L, f, -1);
  while (run(L, f, n)) {
    n += step;
    runs++;
    alarm(60);
  }
  lua_close(L);
  return runs;
}

int main(int argc, char **argv) {
  struct failure *f;
  long live, runs, step = argc > 3 ? atol(argv[3]) : 1;
  if (argc < 3 || step < 1)
    return 2;
  f = strcmp(argv[1], "c") == 0 ? &in_c : &in_lua;
  signal(SIGPIPE, SIG_DFL);
  alarm(60);
  start_server();
  sweep(argv[2], f, step); /* what is made once is made now */
  live = n_live;
  runs = sweep(argv[2], f, step);
  live -= n_live;
  printf("%s, %s: %ld runs with a failing allocation, %ld blocks lost\n",
         argv[2], argv[1], runs, -live);
  /* a connection that is kept, or not, makes a difference of a few */
  return runs == 0 || -live > runs / 2 + 4;
}
