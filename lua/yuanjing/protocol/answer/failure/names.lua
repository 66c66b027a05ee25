--- The names of the fields with which the platform and its vendors report
-- failures, in lower case.
local function list_of(text)
  local list = {}
  for name in text:gmatch("[^ \n]+") do list[#list + 1] = name end
  return list
end

return {
  --- Fields that may hold a failure's text, the most specific first.
  TEXTS = list_of [[ error message msg errmsg err_msg error_msg
    error_message errormessage status_msg detail faultstring exception reason
    title errors base_resp fault header data response resposne responsemetadata
    output result ]],

  --- A document with nothing but a text in one of these is a failure.
  TELLING_TEXTS = list_of [[ message msg errmsg err_msg error_msg error_message
    errormessage status_msg detail faultstring exception reason errors ]],

  CODES = list_of "code errcode error_code err_code errno status_code",

  --- Records that may contain the code.
  CODE_PLACES = list_of [[ error data base_resp fault header detail response
    responsemetadata output result ]],

  --- Records in which some vendors report whether the call succeeded.
  CONTAINERS = list_of [[ data resposne response result output base_resp
    header fault responsemetadata ]],

  --- Lists whose items succeed or fail one by one.
  LISTS = list_of "data resposne response result results output outputs",
}
