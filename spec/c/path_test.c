/* path_test: files that are opened, files that are refused unopened, and links
 * that are followed, by their owner. As root it also acts as another user.
 * ldflags: -Wl,--wrap=geteuid
 */
#define _GNU_SOURCE
#include "file.h"
#include "harness.h"
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/yj_path_XXXXXX";
static uid_t user;

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void) { return user; }

static const char *at(const char *name) {
  static char paths[4][128];
  static int turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void put(const char *name, const char *text) {
  FILE *file = fopen(at(name), "w");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
    abort();
}

static int open_error(const char *path, enum yj_use use) {
  int fd, error = yj_path_open(path, use, &fd);
  CHECK((error == 0) == (fd >= 0));
  if (fd >= 0) {
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    close(fd);
  }
  return error;
}

static void make_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  strcpy(address.sun_path, path);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
    abort();
  close(fd);
}

static void test_kinds(void) {
  static const struct { const char *name, *kind; int error; } rows[] = {
      {"plain", "file", 0}, {".", "folder", EISDIR},
      {"pipe", "pipe", YJ_NOT_A_FILE}, {"socket", "socket", YJ_NOT_A_FILE},
      {"link", "file", 0}, {"to_pipe", "pipe", YJ_NOT_A_FILE},
      {"to_null", "device", YJ_NOT_A_FILE}};
  size_t i;
  struct yj_path_info info, other;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    CHECK(yj_path_look(at(rows[i].name), -1, &info) == 0);
    harness_check(strcmp(info.kind, rows[i].kind) == 0, __FILE__, __LINE__,
                  "kind", rows[i].name);
    harness_check(open_error(at(rows[i].name), YJ_TO_READ) == rows[i].error,
                  __FILE__, __LINE__, "error", rows[i].name);
  }
  CHECK(yj_path_look(at("none"), -1, &info) == ENOENT);
  CHECK(open_error(at("none"), YJ_TO_READ) == ENOENT);
  CHECK(open_error(at("link"), YJ_PART) == ELOOP);
  CHECK(yj_path_look(at("link"), -1, &info) == 0);
  CHECK(yj_path_look(at("plain"), -1, &other) == 0);
  CHECK(info.device == other.device && info.number == other.number);
}

static void test_links(void) {
  char real[YJ_PATH_SIZE];
  CHECK(yj_path_resolve(at("chain"), real) == 0);
  CHECK(strcmp(real, at("plain")) == 0);
  CHECK(yj_path_resolve(at("dangling"), real) == 0);
  CHECK(strcmp(real, at("sub/new")) == 0);
  CHECK(yj_path_resolve(at("none"), real) == 0 &&
        strcmp(real, at("none")) == 0);
  CHECK(yj_path_resolve(at("loop"), real) == ELOOP);
}

/* Links of root are followed for root and for any other user. Links of user
 * 12345 are not followed in a folder where others may write. */
static void test_foreign_links(void) {
  char real[YJ_PATH_SIZE];
  if (getuid() != 0)
    return;
  CHECK(lchown(at("link"), 12345, 0) == 0);
  CHECK(chmod(folder, 0755) == 0);
  CHECK(yj_path_resolve(at("link"), real) == 0); /* only root writes there */
  CHECK(chmod(folder, 01777) == 0);
  CHECK(yj_path_resolve(at("link"), real) == ELOOP);
  CHECK(open_error(at("link"), YJ_TO_READ) == ELOOP);
  user = 12345;
  CHECK(yj_path_resolve(at("link"), real) == 0); /* the user's own */
  user = 12346;
  CHECK(yj_path_resolve(at("link"), real) == ELOOP);
  CHECK(yj_path_resolve(at("chain"), real) == ELOOP); /* through it */
  CHECK(yj_path_resolve(at("dangling"), real) == 0);  /* root's */
  user = 0;
  CHECK(chmod(folder, 0755) == 0 && chown(folder, 12345, 0) == 0);
  CHECK(yj_path_resolve(at("link"), real) == ELOOP);
  CHECK(chown(folder, 0, 0) == 0);
}

static mode_t mode_of(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void test_part(void) {
  struct yj_file one, other;
  put("part", "of yesterday");
  CHECK(chmod(at("plain"), 0640) == 0);
  CHECK(yj_file_open_part(&one, at("part"), at("plain")) == 0);
  CHECK(mode_of(at("part")) == 0640);
  CHECK(yj_file_open_part(&other, at("part"), NULL) == EAGAIN);
  CHECK(yj_file_lend(&one, 0, &other) == 0);
  CHECK((fcntl(other.handle, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(yj_file_write(&other, "new", 3, 0) == 0);
  yj_file_close(&other);
  CHECK(chmod(at("plain"), 0604) == 0);
  CHECK(yj_file_move(&one, at("part"), at("plain")) == 0);
  CHECK(mode_of(at("plain")) == 0604);
  CHECK(yj_file_is_at(&one, at("plain")));
  CHECK(yj_file_move(&one, at("part"), at("plain")) == ENOENT);
  yj_file_close(&one);
  CHECK(symlink("plain", at("part")) == 0);
  CHECK(yj_file_open_part(&one, at("part"), NULL) == ELOOP);
}

static void test_folders(void) {
  CHECK(yj_path_make_folders(at("a/b//c/")) == 0);
  CHECK(mode_of(at("a/b/c")) != 0);
  CHECK(yj_path_make_folders(at("a/b")) == 0);
  CHECK(yj_path_make_folders(at("plain/x")) == ENOTDIR);
  CHECK(yj_path_make_folders("/") == 0 && yj_path_make_folders(".") == 0);
}

int main(void) {
  char command[64];
  user = getuid();
  if (mkdtemp(folder) == NULL || mkfifo(at("pipe"), 0600) != 0 ||
      mkdir(at("sub"), 0700) != 0 || symlink("plain", at("link")) != 0 ||
      symlink("pipe", at("to_pipe")) != 0 ||
      symlink("/dev/null", at("to_null")) != 0 ||
      symlink("link", at("chain")) != 0 ||
      symlink("sub/new", at("dangling")) != 0 ||
      symlink("loop", at("loop")) != 0)
    abort();
  make_socket(at("socket"));
  put("plain", "old");
  test_kinds();
  test_links();
  test_foreign_links();
  test_part();
  test_folders();
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) == 0 ? harness_end() : 1;
}
