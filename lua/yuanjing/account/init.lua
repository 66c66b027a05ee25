--- The account of a client: what it called, what is left, what things cost.
-- `client.account`. Seen in the platform's public source, not yet confirmed
-- live (docs/platform.md#account).
local check = require "yuanjing.base.check"
local dry_run = require "yuanjing.spending.dry_run"
local prices_told = require "yuanjing.spending.prices"
local protocol = require "yuanjing.protocol.account"

local account = {}

---@class yuanjing.Account
---@field private _settings table
local methods = {}
local Account = { __name = "yuanjing.Account", __index = methods }

local HISTORY = { category = "string",
  page = { "number", least = 1, is_whole = true } }

--- A page of the calls of the account, the newest first: what each was, how it
--- ended, what it used and cost, as far as the platform says. Seen in the
--- platform's public source, not yet confirmed live. Error kinds: auth,
--- not_found, server, transport, timeout, decode, platform.
--- Source: docs/platform.md#account.
---@param options? { page?: integer, category?: string }
---@return yuanjing.History?
---@return yuanjing.Error? err
---@nodiscard
function methods:history(options)
  options = options or {}
  check.options("client.account:history", options, HISTORY)
  return dry_run.unwrap(protocol.history(self._settings, options.page or 1,
    options.category))
end

--- What is left. Seen in the platform's public source, not yet confirmed live.
--- Error kinds as for history. Source: docs/platform.md#account.
---@return yuanjing.Balance?
---@return yuanjing.Error? err
---@nodiscard
function methods:balance()
  return dry_run.unwrap(protocol.balance(self._settings))
end

local PRICES = { model = { "string", needed = true }, category = "string" }

--- What a model costs, in the platform's words, and in numbers where it tells
--- them. The client remembers them: dry runs of it and of its derived clients
--- then have a quote, and `limits = { cost = }` counts by them. Seen in the
--- platform's public source, not yet confirmed live. Error kinds as for history.
--- Source: docs/platform.md#account.
---@param options { model: string, category?: string }
---@return yuanjing.Prices?
---@return yuanjing.Error? err
---@nodiscard
function methods:prices(options)
  check.options("client.account:prices", options, PRICES)
  local prices, err = protocol.prices(self._settings, options.model,
    options.category)
  if prices then prices_told.remember(self._settings.prices, prices) end
  return dry_run.unwrap(prices, err)
end

check.methods("client.account", methods, "_settings")

--- The account of a client.
---@return yuanjing.Account
function account.new(settings)
  return setmetatable({ _settings = settings }, Account)
end

return account
