--- `yuanjing assets`: real-person assets. A person confirms on a phone; then
-- there is a group for pictures and videos of that person.
local columns = require "yuanjing.cli.terminal.columns"
local document = require "yuanjing.cli.document"
local destination = require "yuanjing.cli.destination"
local follow = require "yuanjing.cli.follow"
local media = require "yuanjing.base.media"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local picture = require "yuanjing.cli.terminal.picture"
local say = require("yuanjing.base.language").say
local screen = require "yuanjing.cli.terminal.screen"
local session = require "yuanjing.cli.session"
local terminal = require "yuanjing.cli.terminal.terminal"

local command = { name = "assets",
  summary = "Verify a person; upload and list pictures and videos of them." }

-- Output -------------------------------------------------------------------

local ASSET = { "id", "vendor_asset_id", "status", "name", "asset_type",
  "vendor_group_id", "create_time", "url", "url_expires_at" }
local SHOWN = { "id", "vendor_asset_id", "status", "name", "url" }
local GROUP = { "vendor_group_id", "name", "vendor", "status", "create_time" }

local function pick(source, names)
  local fields = {}
  for _, name in ipairs(names) do fields[name] = source[name] end
  return fields
end

local function print_asset(arguments, asset)
  if arguments.json then return output.json(pick(asset, ASSET)) end
  local rows = {}
  for _, name in ipairs(SHOWN) do
    if asset[name] then rows[#rows + 1] = { name, asset[name] } end
  end
  output.print(columns(rows))
end

-- One line an item; an empty list prints nothing.
local function print_list(list, names)
  local rows = {}
  for i, item in ipairs(list) do
    rows[i] = {}
    for k, name in ipairs(names) do rows[i][k] = number.show(item[name] or "-") end
  end
  output.print(columns(rows))
end

local function fields_of(list, names)
  local items = document.list {}
  for i, item in ipairs(list) do items[i] = pick(item, names) end
  return items
end

-- Waiting ------------------------------------------------------------------

local function await_asset(shown, asset)
  local line = shown.line
  shown.goes_on = say("it goes on: yuanjing assets status %s --await", asset.id)
  line:stage(asset.status, say("asset %s", asset.id))
  local active, err = asset:await { timeout = shown.arguments.wait }
  if not active then return nil, err end
  line:done(asset.status, say("asset %s", asset.id))
  return active
end

local function print_link(arguments, verified)
  if arguments.json then
    return output.json { id = verified.id, h5_link = verified.h5_link,
      expires_at = verified.expires_at }
  end
  output.print { verified.h5_link }
  picture.show_link(verified.h5_link)
  if terminal.is(terminal.STDERR) then
    output.note(say "For the person's phone, within 2 minutes.", "dim")
  end
end

local function await_group(shown, verified)
  shown.line:stage(say "waiting", say "for the person to say yes")
  local group, err = verified:await_group { timeout = shown.arguments.wait }
  if not group then return nil, err end
  shown.line:done(say "verified", group.name or "")
  if shown.arguments.json then
    output.json { group = pick(group, GROUP) }
  else
    output.print { group.vendor_group_id }
  end
  return true
end

-- Commands -----------------------------------------------------------------

local function wait_options(parser)
  return parser:option("--wait", "How long to wait for the end.")
    :argname "SECONDS":convert(session.to_seconds),
    parser:flag("--no-wait", "Do not wait.")
end

local function group_option(parser)
  return parser:option("--group", "The group's vendor_group_id; needed.")
    :argname "ID":count(1):convert(session.to_name)
end

local ACTIONS = {}

ACTIONS.verify = {
  summary = "Begin a verification: a link for the person's phone.",
  options = function(parser)
    parser:group("Options",
      parser:option("--vendor", "Who verifies.", "volcengine"):argname "NAME",
      parser:option("--name", "Of the person: tells several apart.")
        :argname "NAME",
      parser:option("--project", "The vendor's name of a project.")
        :argname "NAME",
      wait_options(parser))
  end,
  run = function(client, shown)
    local arguments = shown.arguments
    local verified, err = client.assets:verify { vendor = arguments.vendor,
      name = arguments.name, project_name = arguments.project }
    if not verified then return nil, err end
    if session.shows_request(arguments, verified) then return true end
    print_link(arguments, verified)
    if arguments.no_wait then return true end
    return await_group(shown, verified)
  end,
}

ACTIONS.groups = {
  summary = "List the groups, one for each verified person.",
  options = function() end,
  run = function(client, shown)
    local groups, err = client.assets:groups()
    if not groups then return nil, err end
    if session.shows_request(shown.arguments, groups) then return true end
    if shown.arguments.json then
      output.json { groups = fields_of(groups, GROUP) }
    else
      print_list(groups, GROUP)
    end
    return true
  end,
}

ACTIONS.upload = {
  summary = "Upload a picture or a video to a group.",
  options = function(parser)
    parser:argument("file", "A file, or a URL."):argname "FILE"
    parser:group("Options", group_option(parser),
      parser:option("--name", "What it is called."):argname "NAME",
      wait_options(parser))
  end,
  run = function(client, shown)
    local arguments = shown.arguments
    local source = media.is_link(arguments.file) and "source_url" or "file"
    shown.is_submitting = true
    local asset, err = client.assets:upload { [source] = arguments.file,
      vendor_group_id = arguments.group, name = arguments.name }
    shown.is_submitting = false
    if not asset then return nil, err end
    if session.shows_request(arguments, asset) then return true end
    if not arguments.no_wait then asset, err = await_asset(shown, asset) end
    if not asset then return nil, err end
    print_asset(arguments, asset)
    return true
  end,
}

ACTIONS.list = {
  summary = "List what is in a group.",
  options = function(parser)
    parser:group("Options", group_option(parser))
  end,
  run = function(client, shown)
    local list, total = client.assets:list {
      vendor_group_id = shown.arguments.group }
    if not list then return nil, total end
    if session.shows_request(shown.arguments, list) then return true end
    if shown.arguments.json then
      output.json { assets = fields_of(list, ASSET), total = total }
    else
      print_list(list, { "id", "vendor_asset_id", "status", "name" })
    end
    return true
  end,
}

ACTIONS.status = {
  summary = "Show how an asset stands, wait for it, save its file.",
  options = function(parser)
    parser:argument("id", "What `assets upload` printed."):argname "ID"
      :convert(session.to_name)
    parser:group("Options",
      parser:flag("--await", "Wait until it is Active; -o does so, too."),
      follow.options(parser))
  end,
  run = function(client, shown)
    local arguments = shown.arguments
    local ok, err = destination.check(arguments)
    if not ok then return nil, err end
    local asset
    asset, err = client.assets:get(arguments.id)
    if not asset then return nil, err end
    if session.shows_request(arguments, asset) then return true end
    if arguments.await or arguments.output then
      asset, err = await_asset(shown, asset)
      if not asset then return nil, err end
    end
    if arguments.output then
      local saved
      saved, err = follow.save(shown, arguments.output, function(path, options)
        return asset:save(path, options)
      end)
      if not saved then return nil, err end
    end
    if not arguments.is_to_stdout then print_asset(arguments, asset) end
    return true
  end,
}

local ORDER = { "verify", "groups", "upload", "list", "status" }

function command.options(parser)
  parser:command_target("action"):require_command(true)
  for _, name in ipairs(ORDER) do
    local sub = parser:command(name, ACTIONS[name].summary)
    ACTIONS[name].options(sub)
    session.options(sub)
  end
end

function command.run(arguments)
  return screen.run(arguments, ACTIONS[arguments.action].run)
end

return command
