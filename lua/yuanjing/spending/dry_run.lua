--- A dry run: a call does everything except send, and returns a description of
-- the request. The description travels like an error, which every module
-- passes on unchanged, and becomes the result when the call returns to the
-- user.
local lazy = require "yuanjing.base.lazy"
local description = lazy.module "yuanjing.spending.description"

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
DryRun.__tostring = lazy.fn("yuanjing.spending.description", "text")

---@class yuanjing.DryRunPart a text has `value`; a file has the other fields
---@field name string
---@field value? string
---@field file? string the name that would be sent
---@field type? string
---@field bytes? integer

--- Describes the request that would be sent.
---@param prepared yuanjing.core.Request
---@param key? string
---@param quote? yuanjing.Quote
---@return yuanjing.DryRun|yuanjing.Error
function dry_run.describe(prepared, key, quote)
  local fields, err = description.of(prepared, key, quote)
  return fields and setmetatable(fields, DryRun) or err
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

return dry_run
