--- `yuanjing account`: what is left, the last calls and what they cost, and the
-- price of a model. Seen in the platform's public source, not yet confirmed
-- live.
local categories = require "yuanjing.protocol.category"
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"

local command = { name = "account",
  summary = "Show what is left, the last calls, and prices." }

local function to_page(text)
  local page = number.read(text)
  if page and page % 1 == 0 and page >= 1 then return page end
  return nil, say("a number of 1 or more is expected, not '%s'", text)
end

function command.options(parser, is_for_completion)
  local category = parser:option("--category",
    "One category only: t2t, t2i, t2v, i2v, ref2v.")
  if is_for_completion then category:choices(categories.NAMES) end
  parser:group("Options",
    parser:flag("--history", "The calls of the account, the newest first."),
    parser:option("--page", "Which page of them (1)."):convert(to_page),
    category,
    parser:option("--price", "What a model costs."):argname "MODEL"
      :convert(session.to_name))
  session.options(parser)
end

local function amount_in_words(amount)
  return amount and number.fixed(amount, 4) or "-"
end

local function call_row(call)
  return { call.local_time or "-", call.model or "-", call.status or "-",
    amount_in_words(call.amount), call.task or "-" }
end

local function show_history(arguments, client)
  local history, err = client.account:history { page = arguments.page,
    category = arguments.category }
  if not history then return nil, err end
  if session.shows_request(arguments, history) then return true end
  if arguments.json then
    output.json { calls = document.list(history), page = history.page,
      total = history.total }
    return true
  end
  local rows = {}
  for n, call in ipairs(history) do rows[n] = call_row(call) end
  output.print(columns(rows))
  return true
end

local function price_lines(prices)
  local lines = { prices.text or prices.model }
  for _, item in ipairs(prices.items) do
    lines[#lines + 1] = say("%s for each %s", number.show(item.price),
      say(item.unit ~= "" and item.unit or "unit"))
  end
  return lines
end

local function show_price(arguments, client)
  local prices, err = client.account:prices { model = arguments.price,
    category = arguments.category }
  if not prices then return nil, err end
  if session.shows_request(arguments, prices) then return true end
  if arguments.json then
    output.json { model = prices.model, text = prices.text, type = prices.type,
      items = document.list(prices.items) }
  else
    output.print(price_lines(prices))
  end
  return true
end

local function show_balance(arguments, client)
  local balance, err = client.account:balance()
  if not balance then return nil, err end
  if session.shows_request(arguments, balance) then return true end
  if arguments.json then
    output.json { balance = balance.balance,
      accounts = document.list(balance.accounts) }
  else
    output.print { say("balance %s", number.fixed(balance.balance, 2)) }
  end
  return true
end

function command.run(arguments)
  return session.run(arguments, function(client)
    if arguments.price then return show_price(arguments, client) end
    if arguments.history or arguments.page or arguments.category then
      return show_history(arguments, client)
    end
    return show_balance(arguments, client)
  end)
end

return command
