--- What a dry run shows of a request: its fields, without secrets, and their text.
local ascii = require "yuanjing.base.ascii"
local errors = require "yuanjing.errors"
local number = require "yuanjing.base.number"

local description = {}

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

--- The fields of a description.
---@param prepared yuanjing.core.Request
---@param key? string
---@param quote? yuanjing.Quote
---@return table
function description.of(prepared, key, quote)
  return { dry_run = true, method = prepared.method,
    url = errors.without_key(prepared.url, key), headers = headers_of(prepared, key),
    json = json_of(prepared, key), form = form_of(prepared, key),
    quote = quote or nil }
end

local function quote_line(quote)
  return ("cost: %s (%s); %s"):format(number.show(quote.cost), quote.mark,
    quote.text)
end

--- A text that looks like an HTTP request.
---@param run yuanjing.DryRun
---@return string
function description.text(run)
  local names, lines = {}, { run.method .. " " .. run.url }
  for name in pairs(run.headers) do names[#names + 1] = name end
  table.sort(names, ascii.less)
  for _, name in ipairs(names) do
    lines[#lines + 1] = name .. ": " .. run.headers[name]
  end
  lines[#lines + 1] = (run.json or run.form) and "" or nil
  lines[#lines + 1] = run.json
  for _, part in ipairs(run.form or {}) do
    local shown = part.value and part.value:gsub("\n", "\n  ")
      or shown_file(part.file, part.type, part.bytes)
    lines[#lines + 1] = part.name .. ": " .. shown
  end
  if run.quote and run.quote.mark ~= "unknown" then
    lines[#lines + 1] = ""
    lines[#lines + 1] = quote_line(run.quote)
  end
  return table.concat(lines, "\n")
end

return description
