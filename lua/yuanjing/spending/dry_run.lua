--- A dry run: a call does everything except send, and returns a description of
-- the request. The description travels like an error, which every module
-- passes on unchanged, and becomes the result when the call returns to the
-- user.
local ascii = require "yuanjing.base.ascii"
local errors = require "yuanjing.errors"
local number = require "yuanjing.base.number"

local dry_run = {}

---@class yuanjing.DryRun the request that a call would have sent
---@field dry_run true
---@field method string
---@field url string
---@field headers table<string, string> secrets are masked
---@field json? string the body; a file's base64 in it is "<cat.png, image/png, 2048 bytes>"
---@field quote? yuanjing.Quote of one that costs money: what, as far as the platform told
---@field form? yuanjing.DryRunPart[] in the order they would go out
local DryRun = { __name = "yuanjing.DryRun" }
DryRun.__index = { kind = "dry_run" } -- it travels like an error

---@class yuanjing.DryRunPart a text has `value`; a file has the other fields
---@field name string
---@field value? string
---@field file? string the name that would be sent
---@field type? string
---@field bytes? integer

-- A header whose name contains one of these words holds a secret.
local SECRETS = { "auth", "cookie", "key", "password", "secret", "token" }

local function is_secret(name)
  for _, word in ipairs(SECRETS) do
    if ascii.lower(name):find(word, 1, true) then return true end
  end
  return false
end

-- "Name:" removes a header, "Name;" sends it empty: see
-- yuanjing.http.request_builder.
local function read_line(line)
  local name, value = line:match("^([^:]+): (.*)$")
  if name then return name, value end
  return line:match("^([^:]+);$"), ""
end

local function headers_of(prepared, key)
  local headers = {}
  for _, line in ipairs(prepared.headers) do
    local name, value = read_line(line)
    if name then
      headers[name] = is_secret(name) and "***"
        or errors.without_key(value, key)
    end
  end
  headers.Authorization = "Bearer ***"
  if prepared.parts then headers["Content-Type"] = "multipart/form-data" end
  return headers
end

local function shown_file(name, kind, bytes)
  return ("<%s, %s, %.0f bytes>"):format(name, kind, bytes)
end

local function json_of(prepared, key)
  if type(prepared.body) ~= "table" then
    return prepared.body and errors.without_key(prepared.body, key)
  end
  local pieces = {}
  for n, piece in ipairs(prepared.body) do
    pieces[n] = type(piece) == "table"
      and shown_file(piece.name, piece.type, piece.size) or piece
  end
  return errors.without_key(table.concat(pieces), key)
end

local function form_of(prepared, key)
  if not prepared.parts then return nil end
  local form = {}
  for n, part in ipairs(prepared.parts) do
    form[n] = part.file_name and { name = part.name, file = part.file_name,
      type = part.type, bytes = part.size }
      or { name = part.name, value = errors.without_key(part.data, key) }
  end
  return form
end

--- Describes the request that would be sent.
---@param prepared yuanjing.core.Request
---@param key? string
---@param quote? yuanjing.Quote
---@return yuanjing.DryRun
function dry_run.describe(prepared, key, quote)
  return setmetatable({ dry_run = true, method = prepared.method,
    url = errors.without_key(prepared.url, key), headers = headers_of(prepared, key),
    json = json_of(prepared, key), form = form_of(prepared, key),
    quote = quote or nil }, DryRun)
end

---@param value any
---@return boolean
function dry_run.is(value)
  return getmetatable(value) == DryRun
end

--- To be called where a call returns to the user: returns its results, or the
--- description instead of the error.
---@param answer any
---@param err any
---@param ... any
---@return any ...
function dry_run.unwrap(answer, err, ...)
  if dry_run.is(err) then return err end
  return answer, err, ...
end

local function quote_line(quote)
  return ("cost: %s (%s); %s"):format(number.show(quote.cost), quote.mark,
    quote.text)
end

--- A text that looks like an HTTP request.
function DryRun:__tostring()
  local names, lines = {}, { self.method .. " " .. self.url }
  for name in pairs(self.headers) do names[#names + 1] = name end
  table.sort(names, ascii.less)
  for _, name in ipairs(names) do
    lines[#lines + 1] = name .. ": " .. self.headers[name]
  end
  lines[#lines + 1] = (self.json or self.form) and "" or nil
  lines[#lines + 1] = self.json
  for _, part in ipairs(self.form or {}) do
    local shown = part.value and part.value:gsub("\n", "\n  ")
      or shown_file(part.file, part.type, part.bytes)
    lines[#lines + 1] = part.name .. ": " .. shown
  end
  if self.quote and self.quote.mark ~= "unknown" then
    lines[#lines + 1] = ""
    lines[#lines + 1] = quote_line(self.quote)
  end
  return table.concat(lines, "\n")
end

return dry_run
