-- luacheck: std luajit
-- tls: the server's side of TLS for server.lua, over OpenSSL's library. What
-- wrap() returns does what server.lua asks of a socket.
local ffi = require "ffi"

ffi.cdef [[
  typedef struct ssl_ctx_st SSL_CTX;
  typedef struct ssl_st SSL;
  const void *TLS_server_method(void);
  SSL_CTX *SSL_CTX_new(const void *method);
  void SSL_CTX_free(SSL_CTX *context);
  int SSL_CTX_use_certificate_chain_file(SSL_CTX *context, const char *file);
  int SSL_CTX_use_PrivateKey_file(SSL_CTX *context, const char *file, int type);
  SSL *SSL_new(SSL_CTX *context);
  void SSL_free(SSL *ssl);
  int SSL_set_fd(SSL *ssl, int fd);
  long SSL_ctrl(SSL *ssl, int command, long number, void *pointer);
  int SSL_accept(SSL *ssl);
  int SSL_read(SSL *ssl, void *bytes, int n);
  int SSL_write(SSL *ssl, const void *bytes, int n);
  int SSL_shutdown(SSL *ssl);
  int SSL_get_error(const SSL *ssl, int result);
  void ERR_clear_error(void);
]]

local ssl = ffi.load("libssl.so.3")
local crypto = ffi.load("libcrypto.so.3")

local PEM = 1
local SET_MODE, PARTIAL_AND_MOVING = 33, 1 + 2
local WANTS = { [2] = "read", [3] = "write" }
local CLOSED = 6
local ROOM = 65536

local tls = {}

local Client = {}
Client.__index = Client

local function context_of(cert, key)
  local context = ssl.SSL_CTX_new(ssl.TLS_server_method())
  assert(ssl.SSL_CTX_use_certificate_chain_file(context, cert) == 1, cert)
  assert(ssl.SSL_CTX_use_PrivateKey_file(context, key, PEM) == 1, key)
  return context
end

-- Calls f on the connection: a positive number; or nil, why not, and what it
-- waits for.
local function attempt(self, f, ...)
  crypto.ERR_clear_error()
  local n = f(self.ssl, ...)
  if n > 0 then return n end
  local code = ssl.SSL_get_error(self.ssl, n)
  if WANTS[code] then return nil, "timeout", WANTS[code] end
  return nil, code == CLOSED and "closed" or "tls"
end

--- A socket that speaks TLS; accept() first.
function tls.wrap(socket, cert, key)
  local context = context_of(cert, key)
  local self = setmetatable({ socket = socket, ssl = ssl.SSL_new(context),
    room = ffi.new("char[?]", ROOM), is_cut = false }, Client)
  ssl.SSL_CTX_free(context) -- counted by its connection
  ssl.SSL_set_fd(self.ssl, socket:getfd())
  ssl.SSL_ctrl(self.ssl, SET_MODE, PARTIAL_AND_MOVING, nil)
  return self
end

--- True; or nil, "timeout" and "read" or "write"; or nil and why it failed.
function Client:accept()
  return attempt(self, ssl.SSL_accept)
end

function Client:receive()
  local n, why = attempt(self, ssl.SSL_read, self.room, ROOM)
  if n then return ffi.string(self.room, n) end
  return nil, why, ""
end

function Client:send(bytes, from)
  local start = ffi.cast("const char *", bytes) + from - 1
  local n, why = attempt(self, ssl.SSL_write, start, #bytes - from + 1)
  if n then return from + n - 1 end
  return nil, why, from - 1
end

function Client:shutdown(how)
  ssl.SSL_shutdown(self.ssl)
  return self.socket:shutdown(how)
end

function Client:setoption(...)
  self.is_cut = true -- "linger": a reset has no TLS close
  return self.socket:setoption(...)
end

function Client:getfd() return self.socket:getfd() end
function Client.dirty() return false end

function Client:close()
  if not self.is_cut then ssl.SSL_shutdown(self.ssl) end
  ssl.SSL_free(self.ssl)
  return self.socket:close()
end

return tls
