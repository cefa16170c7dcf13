#include "mail/phrases.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* By first byte of the phrase, so that a text is read once. Case matters outside
 * of ASCII: there a phrase leaves out the letter that may be a capital. */
static const struct entry {
	const char *text;
	enum phrase kind;
} table[] = {
	/* English */
	{ "could not be delivered", PHRASE_FAILED }, { "couldn't be delivered", PHRASE_FAILED },
	{ "cannot be delivered", PHRASE_FAILED }, { "can't be delivered", PHRASE_FAILED },
	{ "can not be delivered", PHRASE_FAILED }, { "was not delivered", PHRASE_FAILED },
	{ "wasn't delivered", PHRASE_FAILED }, { "were not delivered", PHRASE_FAILED },
	{ "not been delivered", PHRASE_FAILED }, { "unable to deliver", PHRASE_FAILED },
	{ "not able to deliver", PHRASE_FAILED }, { "wasn't able to deliver", PHRASE_FAILED },
	{ "unable to be delivered", PHRASE_FAILED }, { "not able to be delivered", PHRASE_FAILED },
	{ "failed to deliver", PHRASE_FAILED }, { "could not deliver", PHRASE_FAILED },
	{ "couldn't deliver", PHRASE_FAILED }, { "cannot deliver", PHRASE_FAILED },
	{ "can't deliver", PHRASE_FAILED }, { "can not deliver", PHRASE_FAILED },
	{ "delivery failed", PHRASE_FAILED }, { "delivery has failed", PHRASE_FAILED },
	{ "delivery failure", PHRASE_FAILED }, { "failed permanently", PHRASE_FAILED },
	{ "did not reach the following", PHRASE_FAILED }, { "did not reach some", PHRASE_FAILED },
	{ "could not be reached", PHRASE_FAILED }, { "did not receive this message", PHRASE_FAILED },
	{ "did not receive your message", PHRASE_FAILED },
	{ "undeliverable", PHRASE_FAILED }, { "undelivered", PHRASE_FAILED },
	{ "not deliverable", PHRASE_FAILED }, { "message not delivered", PHRASE_FAILED },
	{ "not delivered to", PHRASE_FAILED }, { "has not delivered", PHRASE_FAILED },
	{ "have not delivered", PHRASE_FAILED }, { "did not deliver", PHRASE_FAILED },
	{ "permanent fatal errors", PHRASE_FAILED },
	{ "was rejected", PHRASE_FAILED }, { "was automatically rejected", PHRASE_FAILED },
	{ "had delivery errors", PHRASE_FAILED }, { "had fatal errors", PHRASE_FAILED },
	{ "returned permanent error", PHRASE_FAILED }, { "error delivering", PHRASE_FAILED },
	{ "attempting to deliver", PHRASE_FAILED }, { "trying to deliver", PHRASE_FAILED },
	{ "delivery problem", PHRASE_FAILED }, { "trouble delivering", PHRASE_FAILED },
	{ "problem delivering", PHRASE_FAILED }, { "rejected your message", PHRASE_FAILED },
	{ "message was rejected", PHRASE_FAILED }, { "message has been rejected", PHRASE_FAILED },
	{ "message has been blocked", PHRASE_FAILED }, { "message was blocked", PHRASE_FAILED },
	{ "was rejected by", PHRASE_FAILED }, { "were rejected by", PHRASE_FAILED },
	{ "been rejected by", PHRASE_FAILED }, { "mail was refused", PHRASE_FAILED },
	{ "failed recipients", PHRASE_FAILED }, { "invalid final delivery", PHRASE_FAILED },
	{ "not a valid user", PHRASE_FAILED }, { "no longer valid", PHRASE_FAILED },
	{ "mailbox is full", PHRASE_FAILED }, { "user unknown", PHRASE_FAILED },
	{ "unknown user", PHRASE_FAILED }, { "no such user", PHRASE_FAILED },
	{ "unknown host", PHRASE_FAILED }, { "host unknown", PHRASE_FAILED },
	{ "does not exist", PHRASE_FAILED }, { "could not be sent", PHRASE_FAILED },
	{ "cannot be sent", PHRASE_FAILED }, { "could not send your", PHRASE_FAILED },
	{ "has failed due to", PHRASE_FAILED }, { "failed to reach", PHRASE_FAILED },
	{ "error sending your mail", PHRASE_FAILED }, { "remote host said", PHRASE_FAILED },
	{ "transcript of session", PHRASE_FAILED }, { "address not found", PHRASE_FAILED },
	{ "was blocked", PHRASE_FAILED }, { "been blocked", PHRASE_FAILED },
	{ "fatal delivery error", PHRASE_FAILED }, { "was returned because", PHRASE_FAILED },
	{ "and not delivered", PHRASE_FAILED }, { "no such mailbox", PHRASE_FAILED },
	{ "returned mail", PHRASE_SUBJECT }, { "returned to sender", PHRASE_SUBJECT },
	{ "message blocked", PHRASE_SUBJECT }, { "mail blocked", PHRASE_SUBJECT },
	{ "delivery status notif", PHRASE_SUBJECT }, { "failure notice", PHRASE_SUBJECT },
	{ "delivery notification", PHRASE_SUBJECT }, { "mail system error", PHRASE_SUBJECT },
	{ "delivery report", PHRASE_SUBJECT }, { "non-deliver", PHRASE_SUBJECT },
	{ "nondeliver", PHRASE_SUBJECT }, { "ndn: ", PHRASE_SUBJECT },
	{ "ndr: ", PHRASE_SUBJECT }, { "non deliver", PHRASE_SUBJECT },
	{ "not delivered", PHRASE_SUBJECT }, { "failed mail", PHRASE_SUBJECT },
	{ "failed delivery", PHRASE_SUBJECT }, { "delivery error", PHRASE_SUBJECT },
	{ "mail failure", PHRASE_SUBJECT }, { "mail error", PHRASE_SUBJECT },
	{ "returned message", PHRASE_SUBJECT }, { "returning message", PHRASE_SUBJECT },
	{ "message you sent blocked", PHRASE_SUBJECT }, { "invalid recipient", PHRASE_SUBJECT },
	{ "server: errors from", PHRASE_SUBJECT }, { "undeliverable mail", PHRASE_SUBJECT },
	{ "mail undelivered", PHRASE_SUBJECT }, { "message undelivered", PHRASE_SUBJECT },
	{ "warning: could not send", PHRASE_SUBJECT }, { "delivery warning", PHRASE_SUBJECT },
	{ "error sending message", PHRASE_SUBJECT }, { "delivery delay", PHRASE_DELAYED },
	{ "mail delivery status", PHRASE_SUBJECT },
	{ "message rejected", PHRASE_SUBJECT }, { "mail rejected", PHRASE_SUBJECT },
	{ "permanent delivery", PHRASE_SUBJECT }, { "mail returned", PHRASE_SUBJECT },
	{ "message returned", PHRASE_SUBJECT }, { "error report", PHRASE_SUBJECT },
	{ "has been delayed", PHRASE_DELAYED }, { "is delayed", PHRASE_DELAYED },
	{ "was delayed", PHRASE_DELAYED }, { "been delayed", PHRASE_DELAYED },
	{ "delivery delayed", PHRASE_DELAYED }, { "delayed delivery", PHRASE_DELAYED },
	{ "not yet been delivered", PHRASE_DELAYED }, { "not been delivered yet", PHRASE_DELAYED },
	{ "still being retried", PHRASE_DELAYED }, { "will be retried", PHRASE_DELAYED },
	{ "will retry", PHRASE_DELAYED }, { "will continue to attempt", PHRASE_DELAYED },
	{ "will continue to try", PHRASE_DELAYED }, { "will keep trying", PHRASE_DELAYED },
	{ "will try again", PHRASE_DELAYED }, { "continue trying", PHRASE_DELAYED },
	{ "attempts will continue", PHRASE_DELAYED }, { "attempts to deliver the message will", PHRASE_DELAYED },
	{ "warning message only", PHRASE_DELAYED }, { "this is just a warning", PHRASE_DELAYED },
	{ "this is a warning", PHRASE_DELAYED }, { "this is only a warning", PHRASE_DELAYED },
	{ "do not need to resend", PHRASE_DELAYED }, { "don't need to resend", PHRASE_DELAYED },
	{ "notification (delay)", PHRASE_DELAYED }, { "message delayed", PHRASE_DELAYED },
	{ "further delivery attempts", PHRASE_DELAYED }, { "attempted again", PHRASE_DELAYED },
	{ "temporary problem with", PHRASE_DELAYED }, { "not yet delivered", PHRASE_DELAYED },
	{ "could not be delivered so far", PHRASE_DELAYED }, { "goes on trying", PHRASE_DELAYED },
	{ "yet to be delivered", PHRASE_DELAYED },
	{ "temporary problem delivering", PHRASE_DELAYED }, { "still trying", PHRASE_DELAYED },
	{ "permanent error", PHRASE_FINAL }, { "permanent failure", PHRASE_FINAL },
	{ "failed permanently", PHRASE_FINAL }, { "permanent fatal", PHRASE_FINAL },
	{ "given up", PHRASE_FINAL }, { "giving up", PHRASE_FINAL }, { "gave up", PHRASE_FINAL },
	{ "not going to try again", PHRASE_FINAL }, { "no further attempt", PHRASE_FINAL },
	{ "not be retried", PHRASE_FINAL }, { "will not continue", PHRASE_FINAL },
	{ "will not retry", PHRASE_FINAL }, { "not try again", PHRASE_FINAL },
	{ "not try to redeliver", PHRASE_FINAL }, { "not be attempted again", PHRASE_FINAL }, { "in the queue too long", PHRASE_FINAL },
	{ "deleted from queue", PHRASE_FINAL }, { "deleted from the queue", PHRASE_FINAL },
	{ "has expired", PHRASE_FINAL }, { "timeout exceeded", PHRASE_FINAL },
	{ "no more attempts", PHRASE_FINAL }, { "delivery has failed", PHRASE_FINAL },
	{ "below this line is a copy", PHRASE_RETURNED }, { "this is a copy of", PHRASE_RETURNED },
	{ "original message", PHRASE_RETURNED }, { "unsent message", PHRASE_RETURNED },
	{ "message header follow", PHRASE_RETURNED }, { "message headers follow", PHRASE_RETURNED },
	{ "copy of the original", PHRASE_RETURNED }, { "copy of your message", PHRASE_RETURNED },
	{ "copy of the message", PHRASE_RETURNED }, { "returned mail", PHRASE_RETURNED },
	{ "returned message", PHRASE_RETURNED }, { "original mail", PHRASE_RETURNED },
	{ "your message reads", PHRASE_RETURNED }, { "undelivered message", PHRASE_RETURNED },
	{ "header of your message", PHRASE_RETURNED }, { "forwarded message", PHRASE_RETURNED },
	{ "text of your message", PHRASE_RETURNED }, { "message text follows", PHRASE_RETURNED },
	{ "your message follows", PHRASE_RETURNED }, { "message body follows", PHRASE_RETURNED },
	{ "out of office", PHRASE_AUTO_REPLY }, { "out of the office", PHRASE_AUTO_REPLY },
	{ "out-of-office", PHRASE_AUTO_REPLY }, { "automatic reply", PHRASE_AUTO_REPLY },
	{ "auto reply", PHRASE_AUTO_REPLY }, { "auto-reply", PHRASE_AUTO_REPLY },
	{ "autoreply", PHRASE_AUTO_REPLY }, { "auto response", PHRASE_AUTO_REPLY },
	{ "auto-response", PHRASE_AUTO_REPLY }, { "automatic response", PHRASE_AUTO_REPLY },
	{ "automated reply", PHRASE_AUTO_REPLY }, { "on vacation", PHRASE_AUTO_REPLY },
	{ "vacation message", PHRASE_AUTO_REPLY }, { "away from my mail", PHRASE_AUTO_REPLY },
	{ "away until", PHRASE_AUTO_REPLY }, { "currently away", PHRASE_AUTO_REPLY },
	{ "on leave", PHRASE_AUTO_REPLY }, { "annual leave", PHRASE_AUTO_REPLY },
	{ "thank you for your e", PHRASE_AUTO_REPLY }, { "thank you for contacting", PHRASE_AUTO_REPLY },
	{ "confirm that you sent", PHRASE_CHALLENGE }, { "confirm your message", PHRASE_CHALLENGE },
	{ "confirm your email", PHRASE_CHALLENGE }, { "confirm your e-mail", PHRASE_CHALLENGE },
	{ "verify that you are", PHRASE_CHALLENGE }, { "verify your e-mail", PHRASE_CHALLENGE },
	{ "verify your email", PHRASE_CHALLENGE }, { "please confirm", PHRASE_CHALLENGE },
	{ "confirmation required", PHRASE_CHALLENGE }, { "to release your message", PHRASE_CHALLENGE },
	{ "approved senders", PHRASE_CHALLENGE }, { "challenge-response", PHRASE_CHALLENGE },
	{ "reply to this message to", PHRASE_CHALLENGE }, { "simply reply to this", PHRASE_CHALLENGE },
	{ "awaits moderator approval", PHRASE_CHALLENGE }, { "confirm your subscription", PHRASE_CHALLENGE },
	{ "prove that you are", PHRASE_CHALLENGE }, { "prove you are", PHRASE_CHALLENGE },
	{ "you are a real", PHRASE_CHALLENGE }, { "you are human", PHRASE_CHALLENGE },
	{ "complete the verification", PHRASE_CHALLENGE },
	{ "complete this verification", PHRASE_CHALLENGE },
	{ "bestätigen sie", PHRASE_CHALLENGE }, { "antispam uol", PHRASE_CHALLENGE },
	{ "para confirmar que", PHRASE_CHALLENGE }, { "per confermare", PHRASE_CHALLENGE },
	{ "pour confirmer", PHRASE_CHALLENGE }, { "vous authentifier", PHRASE_CHALLENGE },
	{ "om te bevestigen", PHRASE_CHALLENGE }, { "aby potwierdzić", PHRASE_CHALLENGE },
	{ "одтвердите", PHRASE_CHALLENGE }, { "merci de confirmer", PHRASE_CHALLENGE },
	{ "confirmer votre message", PHRASE_CHALLENGE },
	{ "confirme su mensaje", PHRASE_CHALLENGE }, { "confirmar su mensaje", PHRASE_CHALLENGE },
	{ "successfully delivered", PHRASE_DELIVERED },
	{ "successful mail delivery", PHRASE_DELIVERED },
	{ "delivery to these recipients or groups is complete", PHRASE_DELIVERED },
	{ "was delivered to the following", PHRASE_DELIVERED },
	{ "has been delivered to the following", PHRASE_DELIVERED },
	{ "successfully relayed", PHRASE_DELIVERED },
	{ "erfolgreich zugestellt", PHRASE_DELIVERED },
	{ "your message was delivered to", PHRASE_DELIVERED },
	{ "your message has been delivered to", PHRASE_DELIVERED },
	{ "that you sent was delivered to", PHRASE_DELIVERED },
	{ "return receipt", PHRASE_RECEIPT }, { "success notice", PHRASE_RECEIPT },
	{ "delivered:", PHRASE_RECEIPT }, { "relayed:", PHRASE_RECEIPT },
	{ "expanded:", PHRASE_RECEIPT }, { "status - delivered", PHRASE_RECEIPT },
	{ "zugestellt:", PHRASE_RECEIPT }, { "remis :", PHRASE_RECEIPT },
	{ "entregado:", PHRASE_RECEIPT }, { "entregue:", PHRASE_RECEIPT },
	{ "recapitato:", PHRASE_RECEIPT }, { "consegnato:", PHRASE_RECEIPT },
	{ "log summar", PHRASE_STATISTICS }, { "daily report", PHRASE_STATISTICS },
	{ "weekly report", PHRASE_STATISTICS }, { "monthly report", PHRASE_STATISTICS },
	{ "error monitoring report", PHRASE_STATISTICS }, { "campaign", PHRASE_STATISTICS },
	{ "summary", PHRASE_STATISTICS }, { "zusammenfassung", PHRASE_STATISTICS },
	{ "test result", PHRASE_STATISTICS }, { "statistics", PHRASE_STATISTICS },
	{ "statistik", PHRASE_STATISTICS },
	{ "tagesbericht", PHRASE_STATISTICS }, { "wochenbericht", PHRASE_STATISTICS },
	{ "rapport quotidien", PHRASE_STATISTICS }, { "informe diario", PHRASE_STATISTICS },
	{ "kampagne", PHRASE_STATISTICS }, { "campagne", PHRASE_STATISTICS },
	{ "to your inbox", PHRASE_INCOMING }, { "to your mailbox", PHRASE_INCOMING },
	{ "delivered to you.", PHRASE_INCOMING }, { "addressed to you.", PHRASE_INCOMING },
	{ "in a message to you", PHRASE_INCOMING }, { "in your inbox", PHRASE_INCOMING },
	{ "incoming mail", PHRASE_INCOMING },
	{ "incoming message", PHRASE_INCOMING }, { "incoming email", PHRASE_INCOMING },
	{ "pending message", PHRASE_INCOMING }, { "pending mail", PHRASE_INCOMING },
	{ "release message", PHRASE_INCOMING }, { "release all", PHRASE_INCOMING },
	{ "eingehende nachricht", PHRASE_INCOMING }, { "eingehende mail", PHRASE_INCOMING },
	{ "eingehende e-mail", PHRASE_INCOMING }, { "in ihr postfach", PHRASE_INCOMING },
	{ "messages entrants", PHRASE_INCOMING }, { "votre boîte de réception", PHRASE_INCOMING },
	{ "mensajes entrantes", PHRASE_INCOMING }, { "su bandeja de entrada", PHRASE_INCOMING },
	{ "mensagens recebidas", PHRASE_INCOMING }, { "sua caixa de entrada", PHRASE_INCOMING },
	{ "messaggi in arrivo", PHRASE_INCOMING }, { "ходящие сообщения", PHRASE_INCOMING },
	{ "未配信メール", PHRASE_INCOMING }, { "待收邮件", PHRASE_INCOMING },
	{ "quarantine", PHRASE_SUMMARY }, { "digest", PHRASE_SUMMARY },
	{ "your mailbox", PHRASE_SUMMARY }, { "ihr postfach", PHRASE_SUMMARY },
	{ "spam report", PHRASE_SUMMARY }, { "spam summary", PHRASE_SUMMARY },
	/* German */
	{ "nicht zugestellt", PHRASE_FAILED }, { "unzustellbar", PHRASE_FAILED },
	{ "nicht zustellbar", PHRASE_FAILED }, { "zustellung fehlgeschlagen", PHRASE_FAILED },
	{ "zustellung ist fehlgeschlagen", PHRASE_FAILED }, { "fehler bei der zustellung", PHRASE_FAILED },
	{ "zustellungsfehler", PHRASE_FAILED }, { "zustellfehler", PHRASE_FAILED },
	{ "konnte nicht ausgeliefert", PHRASE_FAILED }, { "konnte nicht gesendet", PHRASE_FAILED },
	{ "nicht ausgeliefert werden", PHRASE_FAILED }, { "zustellung nicht m", PHRASE_FAILED },
	{ "zurückgewiesen", PHRASE_FAILED }, { "empfänger nicht erreicht", PHRASE_FAILED }, { "unzustellbare nachricht", PHRASE_SUBJECT },
	{ "noch nicht zugestellt", PHRASE_DELAYED }, { "verzögert", PHRASE_DELAYED },
	{ "weitere zustellversuche", PHRASE_DELAYED }, { "endgültig", PHRASE_FINAL },
	{ "permanenter fehler", PHRASE_FINAL }, { "ursprüngliche nachricht", PHRASE_RETURNED },
	{ "originalnachricht", PHRASE_RETURNED }, { "ihre nachricht im original", PHRASE_RETURNED },
	{ "kopie ihrer nachricht", PHRASE_RETURNED }, { "header der original", PHRASE_RETURNED },
	{ "automatische antwort", PHRASE_AUTO_REPLY }, { "abwesenheit", PHRASE_AUTO_REPLY },
	{ "nicht im büro", PHRASE_AUTO_REPLY }, { "nicht im hause", PHRASE_AUTO_REPLY },
	/* French */
	{ "non remis", PHRASE_FAILED }, { "pas pu être remis", PHRASE_FAILED },
	{ "pas pu etre remis", PHRASE_FAILED }, { "pas pu être délivr", PHRASE_FAILED },
	{ "pas pu être distribu", PHRASE_FAILED }, { "pas été remis", PHRASE_FAILED },
	{ "pas été délivr", PHRASE_FAILED }, { "non délivr", PHRASE_FAILED },
	{ "non distribu", PHRASE_FAILED }, { "chec de la remise", PHRASE_FAILED },
	{ "chec de remise", PHRASE_FAILED }, { "chec de la distribution", PHRASE_FAILED },
	{ "chec de livraison", PHRASE_FAILED }, { "impossible de remettre", PHRASE_FAILED },
	{ "impossible de délivrer", PHRASE_FAILED }, { "n'existe pas", PHRASE_FAILED },
	{ "pas pu être achemin", PHRASE_FAILED },
	{ "tat de remise", PHRASE_SUBJECT }, { "pas encore été remis", PHRASE_DELAYED },
	{ "est retardé", PHRASE_DELAYED }, { "été retardé", PHRASE_DELAYED },
	{ "remise différée", PHRASE_DELAYED }, { "erreur permanente", PHRASE_FINAL },
	{ "message d'origine", PHRASE_RETURNED }, { "message original", PHRASE_RETURNED },
	{ "réponse automatique", PHRASE_AUTO_REPLY }, { "absence du bureau", PHRASE_AUTO_REPLY },
	/* Spanish */
	{ "no pudo ser entregado", PHRASE_FAILED }, { "no llegó a algunos", PHRASE_FAILED }, { "no se pudo entregar", PHRASE_FAILED },
	{ "no se puede entregar", PHRASE_FAILED }, { "no se ha podido entregar", PHRASE_FAILED },
	{ "no ha podido ser entregado", PHRASE_FAILED }, { "no ha sido entregado", PHRASE_FAILED },
	{ "no se entregó", PHRASE_FAILED }, { "no fue entregado", PHRASE_FAILED },
	{ "error de entrega", PHRASE_FAILED }, { "error en la entrega", PHRASE_FAILED },
	{ "error al entregar", PHRASE_FAILED }, { "no entregado", PHRASE_FAILED },
	{ "no ha podido entregarse", PHRASE_FAILED }, { "no pudo entregarse", PHRASE_FAILED },
	{ "no s'ha pogut lliurar", PHRASE_FAILED }, { "se seguirá intentando", PHRASE_DELAYED },
	{ "mensaje devuelto", PHRASE_SUBJECT }, { "correo devuelto", PHRASE_SUBJECT },
	{ "entrega retrasada", PHRASE_DELAYED }, { "se ha retrasado", PHRASE_DELAYED },
	{ "error permanente", PHRASE_FINAL }, { "mensaje original", PHRASE_RETURNED },
	{ "respuesta automática", PHRASE_AUTO_REPLY }, { "fuera de la oficina", PHRASE_AUTO_REPLY },
	/* Portuguese */
	{ "não pôde ser entregue", PHRASE_FAILED }, { "nao pode ser entregue", PHRASE_FAILED },
	{ "não pode ser entregue", PHRASE_FAILED }, { "não foi entregue", PHRASE_FAILED },
	{ "não entregue", PHRASE_FAILED }, { "não foi possível entregar", PHRASE_FAILED },
	{ "falha na entrega", PHRASE_FAILED }, { "não chegou a alguns", PHRASE_FAILED }, { "falha de entrega", PHRASE_FAILED },
	{ "mensagem devolvida", PHRASE_SUBJECT }, { "mensagem original", PHRASE_RETURNED },
	{ "entrega atrasada", PHRASE_DELAYED }, { "resposta automática", PHRASE_AUTO_REPLY },
	{ "fora do escritório", PHRASE_AUTO_REPLY },
	/* Italian */
	{ "mancata consegna", PHRASE_FAILED }, { "non è stato possibile recapitare", PHRASE_FAILED },
	{ "non recapitabile", PHRASE_FAILED }, { "impossibile recapitare", PHRASE_FAILED },
	{ "non è stato recapitato", PHRASE_FAILED }, { "non è stato consegnato", PHRASE_FAILED },
	{ "impossibile consegnare", PHRASE_FAILED }, { "errore di consegna", PHRASE_FAILED },
	{ "messaggio originale", PHRASE_RETURNED }, { "risposta automatica", PHRASE_AUTO_REPLY },
	{ "fuori ufficio", PHRASE_AUTO_REPLY }, { "consegna ritardata", PHRASE_DELAYED },
	{ "non può essere consegnat", PHRASE_FAILED }, { "non può essere recapitat", PHRASE_FAILED },
	{ "consegna del messaggio è in ritardo", PHRASE_DELAYED },
	/* Dutch, Danish, Norwegian, Swedish, Finnish */
	{ "onbestelbaar", PHRASE_FAILED }, { "geadresseerden niet bereikt", PHRASE_FAILED }, { "niet worden bezorgd", PHRASE_FAILED },
	{ "niet afgeleverd", PHRASE_FAILED }, { "niet bezorgd", PHRASE_FAILED },
	{ "niet worden afgeleverd", PHRASE_FAILED }, { "vertraagd", PHRASE_DELAYED },
	{ "oorspronkelijk bericht", PHRASE_RETURNED }, { "automatisch antwoord", PHRASE_AUTO_REPLY },
	{ "afwezigheid", PHRASE_AUTO_REPLY }, { "kunne ikke leveres", PHRASE_FAILED },
	{ "kan ikke leveres", PHRASE_FAILED }, { "kunne ikke afleveres", PHRASE_FAILED },
	{ "kunde inte levereras", PHRASE_FAILED }, { "inte att leverera", PHRASE_FAILED },
	{ "kan inte levereras", PHRASE_FAILED }, { "autosvar", PHRASE_AUTO_REPLY },
	{ "automatiskt svar", PHRASE_AUTO_REPLY }, { "automatisk svar", PHRASE_AUTO_REPLY },
	{ "ei voitu toimittaa", PHRASE_FAILED }, { "toimittaminen epäonnistui", PHRASE_FAILED },
	{ "är försenad", PHRASE_DELAYED }, { "er forsinket", PHRASE_DELAYED },
	{ "viivästyn", PHRASE_DELAYED },
	/* Polish, Czech, Slovak, Hungarian, Romanian, Latvian, Greek, Turkish */
	{ "niedostarczon", PHRASE_FAILED }, { "nie można dostarczyć", PHRASE_FAILED },
	{ "nie dostarczono", PHRASE_FAILED }, { "nie została dostarczona", PHRASE_FAILED },
	{ "nie mogła zostać dostarczona", PHRASE_FAILED }, { "nie udało się dostarczyć", PHRASE_FAILED },
	{ "opóźnion", PHRASE_DELAYED }, { "automatyczna odpowied", PHRASE_AUTO_REPLY },
	{ "oryginalna wiadomość", PHRASE_RETURNED }, { "nelze doručit", PHRASE_FAILED },
	{ "nedoručiteln", PHRASE_FAILED }, { "nedoručen", PHRASE_FAILED },
	{ "nebylo možné doručit", PHRASE_FAILED }, { "původní zpráva", PHRASE_RETURNED },
	{ "automatická odpov", PHRASE_AUTO_REPLY }, { "kézbesíthetetlen", PHRASE_FAILED },
	{ "nem kézbesíthető", PHRASE_FAILED }, { "nem sikerült kézbesíteni", PHRASE_FAILED },
	{ "nu a putut fi livrat", PHRASE_FAILED }, { "neizdevās piegādāt", PHRASE_FAILED },
	{ "automatiska atbilde", PHRASE_AUTO_REPLY }, { "δεν παραδόθηκε", PHRASE_FAILED },
	{ "δεν ήταν δυνατή η παράδοση", PHRASE_FAILED }, { "teslim edilemedi", PHRASE_FAILED },
	{ "iletilemedi", PHRASE_FAILED }, { "letilemedi", PHRASE_FAILED },
	{ "αραδοτέο", PHRASE_FAILED },
	{ "teslim edilemeyen", PHRASE_FAILED },
	{ "ulaştırılamadı", PHRASE_FAILED }, { "gönderilemedi", PHRASE_FAILED },
	{ "zpožděn", PHRASE_DELAYED }, { "zpozdil", PHRASE_DELAYED }, { "oneskoren", PHRASE_DELAYED },
	{ "nepodařilo doručit", PHRASE_FAILED }, { "nepodarilo doručiť", PHRASE_FAILED },
	{ "nelivrat", PHRASE_FAILED }, { "παράδοσης", PHRASE_SUBJECT },
	{ "nije mogla biti isporuč", PHRASE_FAILED }, { "neisporuč", PHRASE_FAILED },
	{ "nije isporuč", PHRASE_FAILED }, { "ni bilo mogoče dostaviti", PHRASE_FAILED },
	{ "nepavyko pristatyti", PHRASE_FAILED }, { "nepristatyt", PHRASE_FAILED },
	{ "kohale toimetada", PHRASE_FAILED },
	{ "otomatik yanıt", PHRASE_AUTO_REPLY }, { "gecik", PHRASE_DELAYED },
	/* Russian, Ukrainian */
	{ "едоставлен", PHRASE_FAILED }, { "е доставлен", PHRASE_FAILED },
	{ "е удалось доставить", PHRASE_FAILED }, { "евозможно доставить", PHRASE_FAILED },
	{ "не может быть доставлен", PHRASE_FAILED }, { "не было доставлен", PHRASE_FAILED },
	{ "не вдалося доставити", PHRASE_FAILED }, { "доставка задержана", PHRASE_DELAYED },
	{ "задержано", PHRASE_DELAYED }, { "адержива", PHRASE_DELAYED },
	{ "е може да бъде достав", PHRASE_FAILED }, { "едоставен", PHRASE_FAILED },
	{ "продолжит попытки", PHRASE_DELAYED }, { "сходное сообщение", PHRASE_RETURNED },
	{ "автоответ", PHRASE_AUTO_REPLY }, { "втоматический ответ", PHRASE_AUTO_REPLY },
	/* Japanese, Chinese, Korean */
	{ "送信できません", PHRASE_FAILED }, { "配信できません", PHRASE_FAILED },
	{ "配送できません", PHRASE_FAILED }, { "送信できなかった", PHRASE_FAILED },
	{ "届けできません", PHRASE_FAILED }, { "配信不能", PHRASE_FAILED },
	{ "送信に失敗", PHRASE_FAILED }, { "配信に失敗", PHRASE_FAILED },
	{ "配送に失敗", PHRASE_FAILED }, { "送信エラー", PHRASE_FAILED },
	{ "配信エラー", PHRASE_FAILED }, { "配送エラー", PHRASE_FAILED },
	{ "メールエラー", PHRASE_SUBJECT }, { "エラー通知", PHRASE_SUBJECT },
	{ "エラーメール", PHRASE_SUBJECT }, { "遅延", PHRASE_DELAYED },
	{ "遅れています", PHRASE_DELAYED }, { "元のメッセージ", PHRASE_RETURNED },
	{ "自動返信", PHRASE_AUTO_REPLY }, { "自動応答", PHRASE_AUTO_REPLY },
	{ "不在", PHRASE_AUTO_REPLY }, { "退信", PHRASE_FAILED }, { "无法送达", PHRASE_FAILED },
	{ "無法傳遞", PHRASE_FAILED }, { "无法投递", PHRASE_FAILED }, { "無法投遞", PHRASE_FAILED },
	{ "投递失败", PHRASE_FAILED }, { "傳遞失敗", PHRASE_FAILED }, { "未送达", PHRASE_FAILED },
	{ "发送失败", PHRASE_FAILED }, { "寄送失敗", PHRASE_FAILED }, { "無法寄達", PHRASE_FAILED },
	{ "无法发送", PHRASE_FAILED }, { "無法送達", PHRASE_FAILED }, { "被退回", PHRASE_FAILED },
	{ "延迟", PHRASE_DELAYED }, { "延遲", PHRASE_DELAYED }, { "原始邮件", PHRASE_RETURNED },
	{ "原始郵件", PHRASE_RETURNED }, { "自动回复", PHRASE_AUTO_REPLY },
	{ "自動回覆", PHRASE_AUTO_REPLY }, { "반송", PHRASE_FAILED }, { "전송 실패", PHRASE_FAILED },
	{ "배달되지", PHRASE_FAILED }, { "배달할 수 없", PHRASE_FAILED }, { "전송하지 못", PHRASE_FAILED },
	{ "보내지 못", PHRASE_FAILED }, { "발송되지 못", PHRASE_FAILED }, { "발송 실패", PHRASE_FAILED },
	{ "발송하지 못", PHRASE_FAILED }, { "전송되지 못", PHRASE_FAILED }, { "전달되지 못", PHRASE_FAILED },
	{ "전달하지 못", PHRASE_FAILED }, { "전달할 수 없", PHRASE_FAILED }, { "발송할 수 없", PHRASE_FAILED },
	{ "전송할 수 없", PHRASE_FAILED }, { "발송에 실패", PHRASE_FAILED }, { "전송에 실패", PHRASE_FAILED },
	{ "전달에 실패", PHRASE_FAILED }, { "전달 실패", PHRASE_FAILED }, { "지연", PHRASE_DELAYED }, { "부재중", PHRASE_AUTO_REPLY },
	/* Hebrew, Vietnamese, Thai, Indonesian */
	{ "לא נמסר", PHRASE_FAILED }, { "تعذر تسليم", PHRASE_FAILED },
	{ "فشل التسليم", PHRASE_FAILED }, { "لم يتم تسليم", PHRASE_FAILED },
	{ "تأخر التسليم", PHRASE_DELAYED }, { "không gửi được", PHRASE_FAILED },
	{ "không thể gửi", PHRASE_FAILED }, { "không thể chuyển", PHRASE_FAILED },
	{ "ไม่สามารถส่ง", PHRASE_FAILED }, { "ไม่สามารถนำส่ง", PHRASE_FAILED },
	{ "gagal dikirim", PHRASE_FAILED }, { "tidak dapat dikirim", PHRASE_FAILED },
	{ "tidak terkirim", PHRASE_FAILED }, { "tertunda", PHRASE_DELAYED },
};
enum { ENTRIES = sizeof(table) / sizeof(table[0]) };

/* The phrases in lists by their first two bytes; each with how many it shares with the
 * one before it in its list, so that no byte of the text is compared twice. */
enum { KEYS = 2048 };
static struct {
	struct ordered {
		const char *text;
		size_t shared;
		enum phrase kind;
	} phrases[ENTRIES];
	uint16_t first[KEYS + 1];	/* by key: of phrases, up to the next one's */
} order;

/* White space of any kind, and the apostrophe that is three bytes long, are as the
 * phrases have them. */
static inline size_t key_of(char first, char second)
{
	if (ascii_isspace(second))
		second = ' ';
	else if (second == '\xe2')
		second = '\'';
	return ((unsigned char)ascii_lower(first) * 37U + (unsigned char)ascii_lower(second)) % KEYS;
}

static size_t key_of_phrase(const char *phrase)
{
	return key_of(phrase[0], phrase[1]);
}

static int compare(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	size_t i = key_of_phrase(x->text), j = key_of_phrase(y->text);

	return i != j ? (i < j ? -1 : 1) : strcmp(x->text, y->text);
}

static size_t shared_bytes(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

/* Before main, and never again: read only from then on. */
__attribute__((constructor)) static void put_in_order(void)
{
	size_t key = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		order.phrases[i] = (struct ordered){ table[i].text, 0, table[i].kind };
	qsort(order.phrases, ENTRIES, sizeof(*order.phrases), compare);
	for (size_t i = 0; i < ENTRIES; i++) {
		struct ordered *phrase = &order.phrases[i];
		bool first = key <= key_of_phrase(phrase->text);

		while (key <= key_of_phrase(phrase->text))
			order.first[key++] = (uint16_t)i;
		if (!first)
			phrase->shared = shared_bytes(phrase[-1].text, phrase->text);
	}
	while (key <= KEYS)
		order.first[key++] = ENTRIES;
}

/* How many bytes at s[i] stand for this one of a phrase; 0: others do. */
static size_t stands_for(struct span s, size_t i, char c)
{
	size_t n = 0;

	if (c == ' ') {
		while (i + n < s.n && ascii_isspace(s.p[i + n]))
			n++;
		return n;
	}
	if (i < s.n && ascii_lower(s.p[i]) == c)
		return 1;
	return c == '\'' && s.n - i >= 3 && memcmp(s.p + i, "\xe2\x80\x99", 3) == 0 ? 3 : 0;
}

static void add_place(struct phrases *phrases, enum phrase kind, size_t at)
{
	phrases->found[kind] = true;
	if (phrases->n < PHRASES_MAX_PLACES)
		phrases->places[phrases->n++] = (struct phrase_place){ kind, at };
}

/* The phrases that start at this place. As they are in order, none follows one that
 * the text is like for longer than the next is like it. */
static void find_at(struct span text, size_t at, struct phrases *phrases)
{
	size_t key = key_of(text.p[at], text.p[at + 1]), same = 0, i = at, n;

	for (size_t p = order.first[key]; p < order.first[key + 1]; p++) {
		const struct ordered *phrase = &order.phrases[p];

		if (phrase->shared < same)
			return;
		if (phrase->shared > same)
			continue;
		for (; phrase->text[same] != '\0' &&
		     (n = stands_for(text, i, phrase->text[same])) != 0; same++)
			i += n;
		if (phrase->text[same] == '\0')
			add_place(phrases, phrase->kind, at);
	}
}

/* A phrase of ASCII starts a word; others start a character. */
void phrases_find(struct span text, struct phrases *phrases_r)
{
	size_t i = 0;

	*phrases_r = (struct phrases){ .n = 0 };
	while (i + 1 < text.n) {
		bool letter = ascii_isalpha(text.p[i]);

		if (letter || (unsigned char)text.p[i] >= 0xc0)
			find_at(text, i, phrases_r);
		i++;
		while (letter && i < text.n && ascii_isalpha(text.p[i]))
			i++;
	}
}
