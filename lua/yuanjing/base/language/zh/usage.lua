--- What argparse says of a wrong command line, and its headings, in Chinese; and
-- what the command says of a wrong value.
return {
  ["Usage:"] = "用法：", ["Arguments:"] = "参数：", ["Options:"] = "选项：",
  ["Commands:"] = "命令：", ["Other options:"] = "其他选项：",
  ["Other arguments:"] = "其他参数：", ["Other commands:"] = "其他命令：",

  ["yuanjing: %s. See `%s`"] = "yuanjing: %s。请看 `%s`",
  ["unknown option '%s'"] = "没有选项 '%s'",
  ["unknown command '%s'"] = "没有命令 '%s'",
  ["Did you mean %s?"] = "你是不是想写 %s？",
  ["Did you mean one of these: %s?"] = "你是不是想写其中之一：%s？",
  ["too many arguments"] = "参数太多",
  ["a command is required"] = "需要一个命令",
  ["missing %s"] = "缺少%s",
  ["option '%s'"] = "选项 '%s'",
  ["argument '%s'"] = "参数 '%s'",
  ["malformed argument '%s'"] = "参数格式不对：'%s'",
  ["%s requires an argument"] = "%s需要一个值",
  ["option '%s' does not take arguments"] = "选项 '%s' 不带值",
  ["argument for %s must be one of %s"] = "%s的值必须是其中之一：%s",
  ["%s must be one of %s"] = "%s必须是其中之一：%s",
  ["%s must be used at most %s time"] = "%s最多只能用 %s 次",
  ["%s must be used %s time"] = "%s必须用 %s 次",

  ["en or zh is expected, not '%s'"] = "应为 en 或 zh，而不是 '%s'",
  ["a name is expected, not ''"] = "应为一个名称，而不是 ''",
  ["a number is expected, not '%s'"] = "应为一个数，而不是 '%s'",
  ["a number of 1 or more is expected, not '%s'"] = "应为 1 或更大的数，而不是 '%s'",
  ["seconds are expected, not '%s'"] = "应为秒数，而不是 '%s'",
  ["a speed above 0 is expected, not '%s'"] = "应为大于 0 的倍速，而不是 '%s'",
  ["port: a number from 1 to 65535 is expected, not '%s'"] =
    "端口应为 1 到 65535 的数，而不是 '%s'",
  ["one of %s is expected, not '%s'"] = "应为其中之一：%s，而不是 '%s'",
  ["NAME=VALUE is expected, not '%s'"] = "应为 名称=值，而不是 '%s'",
  ["--%s is no option of this command; as a field of the request it needs a "
    .. "value: --%s=true"] = "--%s 不是这个命令的选项；作为请求的字段，它需要一个值："
    .. "--%s=true",
  ["no JSON schema"] = "不是 JSON schema",
  ["an id that begins with - goes behind --: -- %s"] =
    "以 - 开头的 ID 要写在 -- 后面：-- %s",
  ["the key can not be an option, for everybody on this machine can see a "
    .. "command's arguments: `yuanjing login`, or export "
    .. "YUANJING_API_KEY=sk-..."] =
    "密钥不能写成选项，因为这台机器上的人都能看到命令的参数：请用 "
    .. "`yuanjing login`，或 export YUANJING_API_KEY=sk-...",
}
