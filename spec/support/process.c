/* process: what specs about processes need and Lua has not; a Lua module that
 * spec/core/pool_spec.lua builds for the Lua it runs on. */
#define _GNU_SOURCE
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> 0 in the child, its id in the parent */
static int l_fork(lua_State *L) {
  lua_pushinteger(L, fork());
  return 1;
}

/* wait(id) -> its exit status, or minus the signal that ended it */
static int l_wait(lua_State *L) {
  int status = 0;
  waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status)
                                       : -WTERMSIG(status));
  return 1;
}

/* exit(status): at once, nothing is finalized */
static int l_exit(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
  return 0;
}

static void ignore(int number) { (void)number; }

/* interrupt(seconds): a signal comes then, and again and again, whose handler
 * does nothing */
static int l_interrupt(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  struct itimerval timer;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = ignore;
  sigaction(SIGALRM, &action, NULL);
  memset(&timer, 0, sizeof timer);
  timer.it_value.tv_sec = (time_t)seconds;
  timer.it_value.tv_usec = (suseconds_t)((seconds - (time_t)seconds) * 1e6);
  timer.it_interval = timer.it_value;
  setitimer(ITIMER_REAL, &timer, NULL);
  return 0;
}

static void add(lua_State *L, const char *name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

int luaopen_process(lua_State *L);

int luaopen_process(lua_State *L) {
  lua_newtable(L);
  add(L, "fork", l_fork);
  add(L, "wait", l_wait);
  add(L, "exit", l_exit);
  add(L, "interrupt", l_interrupt);
  return 1;
}
