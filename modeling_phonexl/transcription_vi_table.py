"""Literals of Vietnamese: what letters sound like in Hanoi, names of letters, and how often syllables occur.

No rules: they are in `transcription_vi.py`. `dataset_scripts/make_vi_syllables.py` rewrites `SYLLABLE_COUNTS`.
"""

ONSETS = {
    "": "", "b": "ɓ", "c": "k", "ch": "t͡ɕ", "d": "z", "đ": "ɗ", "g": "ɣ", "gh": "ɣ", "gi": "z", "h": "h", "k": "k",
    "kh": "x", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "ngh": "ŋ", "nh": "ɲ", "p": "p", "ph": "f", "qu": "k w",
    "r": "z", "s": "s", "t": "t", "th": "tʰ", "tr": "t͡ɕ", "v": "v", "x": "s",
}  # fmt: skip
NUCLEI = {
    "a": "aː", "ă": "a", "â": "ə", "e": "ɛ", "ê": "e", "i": "i", "y": "i", "o": "ɔ", "ô": "o", "ơ": "əː", "u": "u",
    "ư": "ɨ", "oo": "ɔ", "iê": "i ə", "yê": "i ə", "ia": "i ə", "ya": "i ə", "uô": "u ə", "ua": "u ə", "ươ": "ɨ ə",
    "ưa": "ɨ ə",
}  # fmt: skip
CODAS = {
    "": "", "c": "k", "ch": "k", "i": "j", "y": "j", "o": "w", "u": "w", "m": "m", "n": "n", "ng": "ŋ", "nh": "ŋ",
    "p": "p", "t": "t",
}  # fmt: skip
# Rimes whose vowel the coda changes: fronting before nh ch, rounding before ng c, short a, and Hanoi's ưu ươu.
CHANGED_RIMES = {
    "ay": "a j", "au": "a w", "anh": "a j ŋ", "ach": "a j k", "ênh": "ə j ŋ", "êch": "ə j k", "ong": "a w ŋ",
    "oc": "a w k", "ông": "ə w ŋ", "ôc": "ə w k", "ưu": "i w", "ươu": "i ə w",
}  # fmt: skip
# Which codas a nucleus takes in native syllables; "-" is none.
RIME_SHAPES = {
    "a": "- c ch i m n ng nh o p t u y", "ă": "c m n ng p t", "â": "c m n ng p t u y", "e": "- c m n ng o p t",
    "ê": "- c ch m n ng nh p t u", "i": "- ch m n nh p t u", "y": "- ch m n nh p t u", "o": "- c i m n ng p t",
    "ô": "- c i m n ng p t", "ơ": "- i m n p t", "u": "- c i m n ng p t", "ư": "- c i m n ng t u", "oo": "c ng",
    "iê": "c m n ng p t u", "yê": "c m n ng p t u", "ia": "-", "ya": "-", "uô": "c i m n ng p t", "ua": "-",
    "ươ": "c i m n ng p t u", "ưa": "-",
}  # fmt: skip
GLIDES = {"o": "a ă e", "u": "y yê ya ê â ơ ă"}
LOAN_ONSETS = {"f": "f", "j": "z", "w": "w", "z": "z", "dz": "z", "q": "k", "sh": "s", "ts": "s"}
LOAN_CODAS = {
    "b": "p", "c": "k", "ch": "k", "ck": "k", "d": "t", "đ": "t", "f": "p", "g": "k", "gh": "k", "k": "k", "l": "n",
    "m": "m", "n": "n", "ng": "ŋ", "nh": "ŋ", "p": "p", "ph": "p", "r": "", "s": "t", "sh": "t", "t": "t", "th": "t",
    "v": "p", "x": "t", "z": "t",
}  # fmt: skip
LETTER_NAMES = {
    "a": "a", "ă": "á", "â": "ớ", "b": "bê", "c": "xê", "d": "dê", "đ": "đê", "e": "e", "ê": "ê", "f": "ép phờ",
    "g": "giê", "h": "hát", "i": "i", "j": "gi", "k": "ca", "l": "e lờ", "m": "em mờ", "n": "en nờ", "o": "o",
    "ô": "ô", "ơ": "ơ", "p": "pê", "q": "quy", "r": "e rờ", "s": "ét sì", "t": "tê", "u": "u", "ư": "ư", "v": "vê",
    "w": "vê kép", "x": "ích xì", "y": "i dài", "z": "dét",
}  # fmt: skip

# Native syllables of running text, most frequent first; a number is the count of the syllables after it.
SYLLABLE_COUNTS = """
4518 và 4404 của 3251 là 3182 một 2800 được 2635 trong 2476 có 2456 các 2425 năm 2027 đã 1842 người 1785 với 1726 cho
1717 vào 1678 không 1376 những 1281 ở 1220 đến 1181 anh 1179 này 1145 từ 1118 khi 1105 ông 1086 thành 1080 tháng 1065
tại 1054 đó 1022 công 1018 đầu 987 sau 935 ngày 922 sự 904 ra 877 để 875 về 865 thể 832 lại nhà 823 bị 815 như 797 tôi
768 số 759 chính 747 cũng 730 trên 724 quốc 679 học 663 gia 659 nó 645 con nhất 628 làm 616 việc 602 theo 598 thế 589
hai 580 đi 570 động 544 bộ 542 nhiều 537 cô 535 nhưng 532 chiến 528 họ 517 hiện 516 hơn 509 thời 507 còn 504 khác 502
chỉ 498 mà 497 cùng hành 491 phải 486 do 482 rằng 480 phát 475 viên 472 quân 471 trung đồng 467 quan 466 cả 464 chúng
462 dân 458 sẽ 448 cuộc đại 446 bản 441 bằng 434 nhân thứ 433 liên 421 hình 418 trước 415 hội mình độ 409 nói tiếng định
408 lớn pháp 407 kỳ 402 lên trường 400 xuất 399 trở 395 cách 394 nước 391 điều 388 lập 386 phần tên 384 sinh 379 tiên
375 nhận 373 ta 372 chủ 370 tiếp 369 đối 359 lực mặt 357 giải 351 nam 350 qua 348 tự 345 lý đội 344 bắt 343 thấy 342 vì
340 bởi kết 333 lần đây 331 lượng 329 hoa 327 diễn mới 325 trình 324 thì 323 giới 321 sử 320 em 319 bà 318 cao 317 thống
315 bạn 313 thường 311 bình dụng 309 quyền 308 sao 306 vật đang 305 hệ 304 phía 303 vị 301 bao thực 296 tới 295 giáo
phim thông 293 ban 291 cái 288 cơ địa 287 đường 285 gồm 282 rất 280 gian tính 279 hợp 278 sống 277 khoảng đề 276 biết
273 vụ 271 gọi vẫn 263 khu 262 đông 261 nhiên đạo 259 cuối 256 chiếc toàn 255 chức rồi 254 điện ấy 253 giờ hàng 252
thiết 251 chuyển 249 thủ 248 tế 247 cầu ý 246 ba gì hay 244 sản 243 nên 242 bắc thức 241 tranh 237 nào thuộc 235 tàu 233
tập 230 châu 228 sáng tây 227 dưới giữa nữ điểm 226 mẹ mỹ nhau 225 sĩ thu 223 đất 221 tình 220 the vùng 219 báo 218 bố
dự lúc 217 phủ trị 215 gần nghiệp 214 nguyên 213 đấu 212 bên tổng 211 vậy 210 hóa 209 bất đảo 208 thay trận tuy 207 nhóm
đức 206 cấp tử 205 tác 204 tin đổi 203 tham 202 dịch 201 tạo 199 nơi đơn 197 dù máy ảnh 196 kế 195 phòng đình 194 chuyện
trí 193 bảo muốn tuổi 192 sát tượng 191 dẫn phương quả triển 190 ngoài phố 189 tâm đặt 188 tiến 187 tổ vực 186 văn 185
hoặc minh 184 xe 183 bài đưa 181 kinh nay thuyết truyền tất 180 bay mùa tìm tăng 179 cộng tục đều 178 nhật năng tinh
tương viện 177 phân đặc 176 loài 174 biển bỏ từng yêu 173 tư ăn 172 luật lãnh đánh 170 biệt 169 hộ 168 nhạc nhập tay 167
hoạt thương 166 mở 165 danh hoàng lời thị 164 nữa vô 163 quá 162 lan vận 161 hiệu vai đoàn 160 mỗi rộng trọng 159 hoàn
loại nhỏ viết 157 bóng kể vương 156 bang chết dài tom vệ 155 nghĩa thân âu 154 mang 153 kỷ thích tiền 152 hết 151 cứu
nhiệm 150 cần âm đóng 149 cảm gặp án đá 148 bệnh nghị quyết 147 giúp mặc vua 146 biến chế nằm thái 143 tốt 142 chứng
khiến 141 chưa câu sách tích 140 trinh 139 nổi phi triệu trợ 138 cư mọi thuật 137 chương tiêu 136 nếu 135 thêm vấn 134
ai dương 133 di mô quay sang ty yếu 132 diện màu mất trẻ 131 giao giữ nghe trưởng xây ấn 130 gây nhìn phục thắng 129 mắt
xem xác 128 cổ thư 127 cửa khí tài đạt ước 126 chơi cứ 125 phụ 124 biểu 123 bán phá sân tiểu đôi 122 độc 121 dựng hải
mục ngôi 120 cung hiệp hát hưởng hạn sư thổ 119 a dùng giá mã đời ứng 118 cử thảo tuần 117 chất 116 khỏi ngay phong tối
115 hà trái tuyên tấn 114 gái lấy 113 úc 112 liệu lục mạnh 111 chống cảnh hòa trang đâu 109 nghiên nguồn sở 108 cố hồi
ký tao 107 giống khai kiến phẩm đứng 106 hướng áp đô 105 duy giành trai đĩa 104 cáo la mức nghệ niên quần so 103 hầu
phép thi trời 102 trò 101 chẳng giám đáng 100 bức chung ghi giả nghĩ vòng đa 99 cha chọn hạm tướng xuống 98 ngữ riêng
thúc thật đảng đế 97 cực gốc 96 dạng lưu tưởng tốc vũ 95 ca chuẩn hạng mạng thanh 94 hạt kim nha nhanh nhiệt núi thần vi
93 chiếm chị kiện 92 hậu hỏi ngoại phản thập triều xã 91 thất tra đồ 90 bốn chi lạc lịch quận sông tòa tỉnh tộc đoạn 89
chạy vài vàng 88 nội 87 hồ khó xa 86 khách quản vợ 85 cánh giảm khoa luân lễ 84 mười phiên quanh 83 kiểm lớp ngôn sức tả
ủng 82 khối mày việt 81 luận lệ nạn phạm ít đài 80 an thiên thuận tố đàn đêm 79 bầu quy ủy 78 bước chí kéo ánh 77 càng
mua nhớ rõ 76 bé cá hôm hỗ kích 75 băng bại chấp cây hôn liền sắc trực tức vọng 74 chia chuyến căn góp khả lợi mẫu nhằm
tái xếp 73 buổi cải cậu nền phổ thoại thủy 72 bắn huy in lòng pháo thấp trả tuyển 71 buộc hạ quỹ địch 70 bảng chuyên
dành toán đủ 69 chịu hữu lâu lửa nghiệm trắng xảy 68 bàn chân chú dựa giáp hoạch môn 67 chắc hơi mối 66 chồng kịch thơ
65 dần kỹ luôn miền song tịch áo 64 chiều doanh loạt ngắn suốt sợ trách xô đốc đứa 63 da nga rời tội 62 dòng hy lá mật
quán thuốc thờ tỷ 61 bác gió giết i linh thiếu tiết trạng 60 chinh chiếu gửi hiểu ngủ suy vốn đào đổ 59 bão coi dục hãng
trao đột 58 cập tuyến vừa đen đúng 57 biên giai phái phút thăm y đỏ 56 dấu hiến khởi lạp tín xin 55 cấu lệnh mưa nặng
phóng sóng trụ đầy 54 bổ cũ ma soát trưng 53 khúc kính lai sớm xứ 52 binh bề bờ chóng chỗ chứa cơn kia miêu sáu to trúc
trải tôn đau 51 chúa dụ hồng phí rừng á 50 chim dậy hấp niệm nông nửa phận tháp xung đáp đăng 49 bây hãy hại kiểu tồn
xét 48 cạnh lộ phê thỏa ví xử đọc 47 cụ du hủy nghi nghỉ nối phó siêu thượng thụy xanh đấy 46 chữ dặm gắng hỏa lắm môi
ngành sai san thao thiện tuyệt đoán 45 hiểm hè khăn ngọn nhi quyển suất thôi trì đương 44 bào bánh cựu de lược mấy nhờ
nuôi nỗ tước tạp xương đảm đỡ 43 cận dọc khắp máu mại thú truyện điển đẩy 42 giọng lính lẽ ràng rút tầng vượt 41 cháu
cuốn kháng kẻ lượt lạnh lỗi mộ thẳng vong 40 bày hút họp lo mái ngờ nổ thám thưởng trống tán 39 chứ cảng cầm dễ hàn kiếm
ngăn ngồi phiếu súng trào trích trục tạm tầm xuyên đuôi đới đừng 38 chút cường giác gắn huyện khủng mai may nguy sửa thử
trừ viễn 37 bãi cai chối dữ giản hoảng khá loạn lông ni tách 36 cưới họa khoản khảo khẩu kêu mong màn nắm phù phối quảng
thánh thước uy 35 bí chắn cặp giấy khắc ly lĩnh nâng phúc sâu sơ thừa trấn vuông 34 chấm lao lái lựa mông quang sắt tai
vẻ xong đo 33 cười góc kém lạ nghèo ngược nhắc rãi rơi sắp tránh tường tận xâm đám 32 buồn bật liệt luyện mét mạch ngang
nghiêm nhu quen thác tỏ điệp đẹp đợi ả 31 bom chín chờ dung hương khám khổ mời rập tắt vỡ đạn đẳng đỉnh 30 chủng cục
hạnh kênh long mơ mảnh nhẹ sẵn thoát thù thảm tiện trăm tắc tỉ vui đôn đợt 29 chàng cháy cãi cắt dạy dọa hẹn mềm nóng
phạt quý quỷ tan thuyền thầy tấm yên đuổi ổn 28 bồ ghế hài hàm hứng khóa miễn mãi mươi mắc nhánh phán thiệt tải vội xấu
ám 27 bá chạm chậm hồn kì lui sứ thiệu thí thạch trăng trại tuân tù vịnh xu đai đèn ưu 26 bảy chuỗi cà cân cấm dây dõi
già gỗ hùng mê non phe sa thang thẩm tuấn tám tờ đem 25 bạc bệ bọn chặn cúp diệt dãy dứt dừng gợi hẹp khái nỗi rắn tim
trùng trữ tàn tân tựa uống đích đồn 24 biện chu chăm chữa cát dường giàu hư kê na thuê thậm trạm tặng tổn vắng vỏ xuân
xứng ô đua 23 chặt cất cỡ dã gấp hoá khơi khẽ lầm mẽ nghề ngân ngã rượu sóc thai thiểu thải tu tệ đe ống 22 bè cán dược
hoang huấn hạch khỏe kỉ lối me mũi mừng ngừng nhiễm ninh quên sót thụ trốn vành vẽ xúc đền 21 bạo chào e hắn lành lâm
lắng mưu ngại sàng săn trông vườn ơn ương 20 bậc can chìm chỉnh chụp dám dư dầu dị giảng hoà khuôn khuẩn leo loan lắp
món ngựa sưu thả tô ung vây vết đệ 19 chép chảy chấn giây hổ khóc khấu kèm lam làng lưng lương lẫn lặng lệch miệng mèo
ngũ niềm on sẻ thuế thịt tóc tụ à ích đón ấm 18 chở cộc cột giam giấc giận hòn hầm lưới mi mạc mệt ngọt sơn tàng tớ u
vinh ác đuốc đói ổ 17 bò bạch bụi che co cỏ cờ dày gói gỡ hào hứa khiển khuyến khích khẳng man màng mực nguyện ngầm nô
pha phú phật phức rối thiệp tiếc trương trầm tá tông tĩnh tị va vang vời vững xạ đan điệu đòi đực 16 bỉ chó cổng dải
giang giường giật hiếm khung khuyên khổng lãm lật lọt mỏ mộc ngưỡng ngạc nhiêu nhảy nhấn quyên sữa thịnh tống vĩ điền
đoạt đạp đập đốt đồi 15 bữa chôn dàng dò dạ hán hề lang lùn lũng mát nguyễn ngọc nâu ném nắng o sung sàn sáp sút sụp
thua thung thăng tri truy tròn trú trúng trồng tung tuyết tùy tảng vân vở xưởng ẩn 14 bin bù bùng bến cong cú cản dao
dàn dáng ga gà gương hiển hò hố hối khán lon lôi lồng mắn nhé nút nề nở phẳng quà sánh sạch thở tua túi tần tốn tứ vú
xấp ái đậu ảo 13 bọc bối bụng chuột cướp cẩn dưỡng dại dịp dịu eo ghét hỗn khát khẩn kiều kín kịp lãng lẻ ngàn ngón ngực
nhiếp nhãn nhắn nương nồng sổ tháo thép thôn thỉnh thổi triết tràn van von vượng xóa xóm xưa xỉ ôm điên đựng ưa ạ 12 bồi
bỗng chả chợt cơm cương cứng giỏi heo hoãn hẳn hốt le lào lăng lồ lỗ lừa mì mòn mỏi nghiêng ngơi nhì nhĩ nhịp nét nấu
nộp quái quát rẽ soạn sứa than thoải thuẫn thắp thợ ti tia trưa tụi út đàm 11 buôn bó bấy bầy cam căng cắn cự duyên dính
dắt ghê giấu hưu hả hỏng hộp im kiệt làn lũ lắc lặn lặp lỏng lỵ mây mùi mạn mầm mậu mộng mờ ngai nghiệt nghịch nhũng
nhạt phu phun phỏng phổi quê quỳ ranh run rạp sương sườn sạn tam thoái thách thận thề tiêm trần trứng táo tươi tản tảo
tồi ven xưng ôn đeo đậm đốm ơi 10 bia buýt bát bút bơi bận bốc bột chùa chẽ chốt cốt diễu duyệt dời gánh gãy gởi hi hoài
hãn hằng khánh khói khô kiên len li lát lân mâu móc múa mượn mọc mồ ngưng nọc ong phiến phẫu ruột ráp răng say thói thầm
tro trà trừng tật viêm xoay đáy đẻ đứt 9 am bê chuông chừng cạn cậy duệ ghé gián giáng gã huyết hô hưng hảo khiếu khoán
kiêm kẹo lô lưỡng miến muộn móng mù mũ nghiện nghìn ngõ ngợi nàn nãy nụ quãng rã su sun sợi thuần thâm treo tráng trễ
trộm tọa tỏa un vay váy vĩnh vẹt vợt ân ép đính đắp đụng ẩm ức 8 au buông buồm buồng bói bấm bắp bếp bội bớt cốc cống
củng dinh dũng dội giãn giọt gạo gấu hoại huyền hâm hận khe khiếp khôi khứ ki kiệm lau liễu lánh lõi lạch lạm lộn mao
men mãn mảng ngơ ngập nhiễu nhấp nát nêu nòng nợ qui quật séc sẫm sốc tang tha thưa thềm thọ trôi trùm túc vâng vươn vảy
xoáy xích đếm đớn 7 bi bon bành bách bóc bông bùn bưu bạ bạt bộc bờm chui chẩn chục cuồng cửu dán dâm dâu dập dối ghen
gạt huân huống hái hãm khớp kiềm kìa kĩ liều lùi lơ lường lấn lụt lứa mìn mò mập mồi ngài ngẩn ngột nhai nho nhuận
nhượng nhẫn nhắm no nàng nại nảy nốt phiền ro rìa rạn rải rỉ rồng rổ rủi sói sốt sụt thoi thính thẻ tiềm tiệc trán
trướng trạch trắc tà táng tò tóm vần xuôi xăng xướng yểm êm đam đãi đạm đắm đằng đặng ấu 6 be by bèn béo bền chua chán
chánh chén chư chợ cài côi côn cấy cẩm cắm cắp cụm day dạo dở en gõ gạch gọn hiếu hoạn hung hôi hụt khen khiết khoáng
khôn kỵ lây lót lấp lằn lọc lội lở mau miện my mạo mệnh mỉm neo ngây ngư ngộ nhàng nhát nhọn nhốt não nén núm nức oanh
phàn phụng quét ray rưỡi rảnh rậm rỗi rủ suýt sét sắm sỏ thiêng thuyên thùng thấu thằn tiệm trân trừu túy tẩy tết tủy
tựu voi vé võ văng xao xám xít đà đắc đắt ướt ốc 5 bàng bênh bính bơ bể chai chay chen chuyền chéo chăn chảo chập chớ
cụt củi dan diệp diệu dĩ dấy dặn dẹp dệt dọn dốc dỡ gam ghép giày gũi gối ha he hiền hoan huỷ hăng hước hệt kem khao
khuya khuyết khuất khép khía kề lung luyến luồng lùng lúa lạt lậu lều lỡ lữ miếng mào mác mến mị mốc nai ngon nguyệt ngô
ngắt ngủi nhan nhung nhuộm nhạy nhậm nhặt nhỉ nấm nến nộ nứt oan phiêu phác phấn pin quạt quấy ren ri rào rãnh rốt rộn
rụng rửa sam soi soái súc sọc thon thoáng thoảng thuỷ thà thạo thằng thỏ thục tiễn toát triệt trâu trộn tuệ tê tím tôm
túm tạng tụng tủ viếng vòi vạch vạn vằn xé xê xôi xế úy đu đuối đâm đè đòn đùi đầm đố đỗ ốm ồn 4 bám bẩm bổng canh
choáng chày chè chúc chướng chạng cành cóc cúc cúi cưỡi cối cởi dang don dâng dép dẫu dẹt dồn gai giàn giã giò go gác
góa gầm gầy gục ham hang hao ho hoán hoạ huynh hãi hét hăm hờn hở khan khoẻ khống kiềng kép lã lãi lê lườn lưỡi lầy lọ
lộng miên muối mép mải mận ngoặt ngà ngả ngắm ngặt ngọ ngỡ ngụ ngừa ngự nhô nhũ nhầm nhọc nhủ nành nạp oán pan phì phơi
phước phẫn phế quấn quầng quặng rau riết roi ruồi rác râu rô rước rẩy rắc rặng se si son sà são sùng sấm sập sờ tem thuở
thấm thắm thắt thổn trơn trượt trọn trội túng tăm tạ tấu tắm tỉa tụt tủi uốn vu vuốt vách vã vòm vạng vả vải vất vầng
vẹn vờ xinh xoắn xí xông xăm xơ xộn ào óc ôi đinh đoan đun đành đê đúc đúp đũa đạc đấm đẫm đống đục ơ ếch ồ ủi 3 bai ben
buốt bén bìa bướm bần bẫy bậy bẹp bọt bồn bợ bừng cay chiêm chiêu chuộng cháo châm chênh chìa chóp chùm chưng chạnh chạp
chẩm chẻ chọc chớp chờn cuống cuộn cào cám cáp cõng cù cúng cưa cưỡng cược cọ cừu dai dè dì dạn dẻo gan giăng giẫm giặt
giỏ giục gom gào gán gìn gót gượng gập gật gặm gớm hong hoành huyệt hé héo húc hắc hắt hẻm hẻo họng kho khoang khoanh
khoác khoảnh khuấy khăng khải khế khỉ khốc kiếp kí kẽ lanh lay liêu lão lì lăn lượn lầu lẩm lẩn lốc lụa mia miệt moi mu
mun mách mãnh mắng mẻ mỏng nao nghiến ngoan ngoái ngào ngác ngáp ngần ngẫu ngỏ ngốc ngớ ngục ngụy nhá nhút nhăng nhị
nhịn nhồi nhục niêm nong nuối né nón nạ nản nấy nỉ nọ phai phao phím quai re reo rong ru rung ruộng rà rành rách rèm rèn
rét rên rít rùa rùng răn rũ rạng rể rễ rệt rỗng rợn rực sen sòng sô sướng sảy sấu sủa sừng ten thinh thiếp thê thô thơm
thạc thối thốt thủng thự tiếm tiệp tre trù trũng trơ trật trệ tuôn tí tùng tưới tấp uỷ ve ván vãn vít vôi vũng vơ vướng
vấp vọt vụn xen xi xoa xua xuyến xuồng xâu xói óng điếu đong đãng đèo đắn đắng đọng ưng ươm ảm ớt ừ 2 ao bong bái bét bì
bích bôi bú búp băn bơm bướu bấc bầm bẩn bẻ bế bọ bỏng bồng bổn bủn bực chao chiu choàng chuộc chà chê chòm chòng chóc
chói chăng chật chắp chắt chằm chỏm chốc chốn chổi chửi com cu càn cò còng cùi cúm cạch cạo cạp cẩu cằm cặn cọc cớ củ
den dim diên doi dong dào dãi dôi dưng dẫm dậu dẻ dến dồi dỗ dừa gay ghe giùm giơ guốc gáy gâm gòn gả gặng gặt gỉ gộp
gờm gừ hiếp hoi hoằng huệ huỳnh há hân hèn hóc hú hất hển hễ hổn hờ hởi ken keo khinh khiên khiêu khoan khoe khoá khoăn
khuynh khà khàn khâm khéo khùng khấn khất khốn khờ khử kiêu kiệu kìm kíp kẹt kệ lia lim liêng loa loong loát loãng luống
luỹ lách láy lén léo lò lóc lúng lăm lũy lướt lạng lả lảng lẫy lẻo lẽo lốm lồi lộc lởi lợn lủi lửng manh miết mo muôn
mài mành măng mỉ mỉa mịn mọng mỡ nan ne nghiền nghênh nghẹt nguyền nguôi ngâm ngó ngượng ngải ngậm ngổn ngời ngụm ngửa
ngửi nhao nhe nháp nháy nhã nhép nhét nhói nhơ nhường nhại nhộn nhớt nhức nhựa noi nui nung náo nê nêm nít nôn nập nẵng
nặc nếp phan phanh pheng pho phô phường phượng phả phất phỉ phồng quyến quí quăng quất quẫn quỳnh ron ruổi rò rót rạc
rầy rẫy rắt rẻ rờn rỡ rủn sia sin suối sài sáo sê sít sôi sưa sạt sầm sọ sỏi sộ sủng sững them then thiền tho thoạt thoả
tháy thâu thèm thêu thản thảng thắn thẳm thệ toa toan toang tong toả truật trát trèo trêu trăn trĩu trớ tui tuyền tuốc
tuồng tít tú tơ tạc tẩu tằng tặc tẻ tề tởm vá váng vãi vãng vênh vùi vơi vược vẩn vặn vặt vệt vỉa vụng vụt vứt vừng xay
xui xá xách xát xì xòe xót xả xẹp xẽ xốp xởi yếm yến yết yểu ách điêu điềm điểu đung đàng đày đán đáo đút đả đản đấng
đậy đềm đốn ư ạt ấp ập ỏi ối ốp ờ ụ ủ 1 ang banh bau beo biếc biếm biếng biếu boong bu bum bun bung báu bã bít bóp bót
bõ bùa bùi búa búi bướng bưởi bạnh bấp bặm bẹn bễ bỉnh bỉu bịch bịn bịt bộp bớ bới bời bở bỡ bục bủng bứt bửa cham chan
chin chiên chiểu choang choán chuối chuốt chãi chèn chèo chét chì chình chích chòa chòi chót chùi chùng chường chưởng
chải chảnh chần chận chậu chẹn chệch chỉa chớm chởm chụm chừ chừa cua cuả cuốc càm cáng câm câù còi còm cõi cùn cút căm
cưng cước cạm cấn cầy cằn cọng cỏi cồn cỗ cộ cội cụp cữ din diêm dom duôi duỗi dà dát dí díu dùm dúi dơi dưa dạt dả dấm
dầy dậm dằn dằng dọi dỗi dụt dứa dực gang ganh ghém ghẹo gi gieo gioan giun giêng gióng giông giùi giũa giấm giất giằng
giếm giễu giời giởi giụa giứt goi gum gài gáp gìa gò gô gôn gúp găng gươm gẫu gậy gắt gớ gờ han hanh hem hia hiên hoen
hoả hoải hoắt hui huyển huých huộc hín hít hóng hông hùa hùm hũ hườn hường hẳng hớn hớt hỡi hững ia keng khang khia
khiễng khoai khoen khoi khoàng khoải khun khuếch khâu khê khít khóe khóm khước khảm khản khảnh khập khắt khỏa khố khồng
khứu kiêng kiếu ky kèn kén két kít kẻo kẽm kệt kị leng liềm liện loang loè loét lu lác lán láng láo lét lình lí lòa lòm
lú lúp lút lũi lơi lướn lười lận lẳng lặt lề lịa lọn lộp lột lờ lờn lởm lức lử lự lựu miếu moai muội muời má mán mãu mém
mênh mía mòng mói mõ mùng mút mĩ mơn mướn mướp mướt mường mạp mả mấu mẩu mẫn mặn mịt mống mổ mội mớ mớm mủ mủi mỳ nanh
nghiếm nghiềm nghẹn nghệp ngoa ngoai ngoạn ngoảnh ngoắc ngoằn ngoặc ngu nguyển nguội ngách ngán ngát ngáy ngói ngóng
ngùi ngùng ngăm ngươi ngạch ngạnh ngạt ngấn ngất ngấu ngẩm ngẵn ngốn ngỗng ngợm ngợp ngụp nhang nhoáng nhoẻn nhuyễn nhuệ
nhuốc nhuốm nhàn nhành nhái nhám nháo nhâm nhít nhòm nhõm nhú nhúng nhăn nhơn nhương nhạn nhạo nhảm nhấm nhầy nhậy nhằn
nhặng nhẹn nhễ nhện nhối nhổ nhộng nhờn nhụy nhữ niêu nom noãn nài ná nách nái nán náu nâm nã nè nòi nóc nót nôi nôm nõ
núp nơ nười nạt nả nấng nấp nắn nện nịch nịnh nồi nộm nới nực oam om pay pe pen phiu phiếm phiện phiệt phài phàng phào
phách phích phông phũ phơ phượt phạn phảng phập phết phồn phớt po pom puy pym pít pô que quàng quào quày quách quáng
quánh quây quýt quơ quạ quạnh quầy quẩn quắp quế quệ quở quỵ qúy ram ran ruy ruyện ruồng ràm rám ráng rão rãy rêu rì rìu
ròng rôì rướn rạch rạo rấn rầm rầu rằm rền rịn rọi rốc rồ rộ rớp rớt rợ rợp rụi rủa rứt rựu sim siêng siết soài sy sá
sám sâm sãn síp sò sùi súp sưng sưởi sạm sạp sảnh sầu sẩy sậm sậy sặc sếp sền sệt sỉ sồi sỡ sụ sửng sỹ te teo thiêu
thiếc thiển thoa thoai thui thuôn thuột thào thán thé thét thìa thình thót thùy thũng thược thầu thắc thặng thẹn thều
thỏm thốc thốn thồ thổng thới thủi tiu tiêng tiềng tiễu toi ton toà toạc toản trau triền tru truyên truất tràng trành
tráp trót trút trũi trượng trầu trầy trằng trẹn trề trệch trịch trọ trọc trọt trối trồi trỗi trớn trờ trợn trụy trứ tuya
tuyn tuông tuý tuýp táp tát tâu tã té tênh tì típ tíu tút tý tưng tạt tẩm tẩn tắn tắp tằn tếch tể tịt tỗi tột tời tụm
tụy tỵ ui uyên uyển uých uất veo vin vo vuống vàn vác vánh vén vóc vót võng vù vút vạc vạt vấy vẫy vắn vắt vẳng vịt vọc
vỏn vớ vờn vợi vục vỹ xang xiêm xiên xiếc xiết xoan xoài xy xà xào xáng xáo xáp xãn xãy xèng xôn xù xước xạc xạo xảo xắn
xẻo xỉn xỉu xốn xới xờm xức yu áng ây én ê ì í òa ú úa úp ăng đay điếc điến đom đon đoái đum đái đìu đóa đóm đùa đĩ đước
đảnh đần đẫn đẫy đặn đễnh đệm đổng đỗi đờ ĩ ạch ạnh ải ầm ẩu ậm ế ếm ỉ ố ồng ổng ớ ới ởn ủa ứa ửng
"""
